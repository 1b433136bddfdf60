// RowTerms.swift — the checks of names and quality that survey and import make for every row.
//
// Invariants:
// - Survey and import reject the same rows here, so no type is derived from a rejected row.

import VarveModel
import VarveText

/// Checks the parts of a row that do not depend on the point's type.
struct RowTerms {
    /// The quality as `SampleState.bits`; 0 for none.
    private(set) var quality: UInt64 = 0
    /// The type that the row declares for its point; nil if it declares none.
    private(set) var declaredType: ValueType?
    private var hasBadQuality = false
    private var lastQuality: (text: UInt8, bits: UInt64) = (0x30, SampleState(quality: 0).bits)

    /// The problems that a row can have regardless of its point.
    enum Problem {
        case quality
        case type
        case noDevice
        case noPoint
        case longName
    }

    /// Checks a row.
    ///
    /// - Returns: The problem; nil for a good row.
    @inline(__always)
    mutating func check(_ row: borrowing Row) -> Problem? {
        if !row.continuesLine { checkLine(row) }
        if hasBadQuality { return .quality }
        declaredType = nil
        if row.type.count > 0, !checkType(row.type) { return .type }
        let limit = SeriesKey.maximumNameBytes
        if row.device.count &- 1 < limit, row.point.count &- 1 < limit, row.product.count <= limit,
            row.device.count > 0, row.point.count > 0
        {
            return nil
        }
        return row.device.count == 0 ? .noDevice : row.point.count == 0 ? .noPoint : .longName
    }

    @inline(__always)
    private mutating func checkLine(_ row: borrowing Row) {
        if row.quality.count == 1, row.quality.kind == .plain, row.quality.base[0] == lastQuality.text {
            quality = lastQuality.bits
            hasBadQuality = false
        } else {
            hasBadQuality = !checkQuality(row.quality)
        }
    }

    @inline(never)
    private mutating func checkType(_ field: Field) -> Bool {
        if field.isMissing { return true }
        declaredType = DeclaredType.read(field)
        return declaredType != nil
    }

    @inline(never)
    private mutating func checkQuality(_ field: Field) -> Bool {
        quality = 0
        if field.isMissing || field.count == 0 { return true }
        guard field.kind != .string, field.kind != .compound,
            case .value(let value) = NumberText.whole(field.base, field.count),
            let code = Int32(exactly: value)
        else { return false }
        quality = SampleState(quality: code).bits
        if field.count == 1 { lastQuality = (field.base[0], quality) }
        return true
    }
}

extension RowTerms.Problem {
    /// The reason of a rejected row.
    func reason(_ row: borrowing Row) -> String {
        switch self {
        case .quality:
            "the quality \"\(row.quality.excerpt)\" is not an integer of 32 bits; leave it empty for none"
        case .type: DeclaredType.unknownReason(row.type)
        case .noDevice: "the row has no device"
        case .noPoint: "the row has no point"
        case .longName: "a name is longer than \(SeriesKey.maximumNameBytes) bytes"
        }
    }
}
