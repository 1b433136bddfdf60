// VectorForms.swift — the families of vector forms that a plan may choose from, or has chosen.

/// Families of vector forms, each of which is found by one look at the values.
struct VectorForms: OptionSet, Sendable {
    let rawValue: UInt8

    /// Frames and Rice codes of the values (`values`), of their differences and of the differences of those
    /// (`curves`).
    static let values = VectorForms(rawValue: 1)
    static let differences = VectorForms(rawValue: 2)
    static let curves = VectorForms(rawValue: 4)
    static let rice = VectorForms(rawValue: 8)
    static let runs = VectorForms(rawValue: 16)
    static let grid = VectorForms(rawValue: 32)
    static let all: VectorForms = [.values, .differences, .curves, .rice, .runs, .grid]

    /// The family for values that are differenced `order` times.
    static func order(_ order: Int) -> VectorForms {
        switch order {
        case 0: .values
        case 1: .differences
        default: .curves
        }
    }
}

extension VectorForm {
    /// The families that must be tried to find this form; empty for forms that are always found.
    var family: VectorForms {
        switch self {
        case .constant, .step: []
        case .runs: .runs
        case .grid: .grid
        default: isRice ? [.order(leadCount), .rice] : .order(leadCount)
        }
    }
}
