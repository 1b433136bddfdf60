// VectorForms.swift — the families of vector forms that a plan may choose from, or that it chose.

/// Families of forms, by what it costs to look at them.
struct VectorForms: OptionSet, Sendable {
    let rawValue: UInt8

    /// Frames and Rice codes of the values, of their differences, and of the differences of those.
    static let values = VectorForms(rawValue: 1)
    static let differences = VectorForms(rawValue: 2)
    static let curves = VectorForms(rawValue: 4)
    static let rice = VectorForms(rawValue: 8)
    static let runs = VectorForms(rawValue: 16)
    static let grid = VectorForms(rawValue: 32)
    static let all: VectorForms = [.values, .differences, .curves, .rice, .runs, .grid]

    /// The family of values that are differenced so many times.
    static func order(_ order: Int) -> VectorForms {
        switch order {
        case 0: .values
        case 1: .differences
        default: .curves
        }
    }
}

extension VectorForm {
    /// The families that must be looked at to find this form; nothing for those that are found anyway.
    var family: VectorForms {
        switch self {
        case .constant, .step: []
        case .runs: .runs
        case .grid: .grid
        default: isRice ? [.order(leadCount), .rice] : .order(leadCount)
        }
    }
}
