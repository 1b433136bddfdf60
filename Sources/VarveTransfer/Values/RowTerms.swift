// RowTerms.swift — what survey and import ask of every row alike: names, time and quality.
//
// Invariants:
// - Survey and import reject the same rows here, so a type or unit is never learnt from a rejected row.

import VarveModel

/// Checks the parts of a row that do not depend on the point's type.
struct RowTerms {
    /// The time of the row, if `check` found nothing wrong.
    private(set) var time: Int64 = 0
    /// The quality as `SampleState.bits`; 0 for none.
    private(set) var quality: UInt64 = 0
    /// The type that the row says its point has, if it says one.
    private(set) var declaredType: ValueType?
    private var times: TimeParser
    private var problem: Problem?
    private var lastQuality: (text: UInt8, bits: UInt64) = (0x30, SampleState(quality: 0).bits)

    /// What can be wrong with a row as such.
    enum Problem {
        case time(TimeFailure)
        case quality
        case type
        case noDevice
        case noPoint
        case longName
    }

    /// Whether an integer time was read.
    var hasIntegerTimes: Bool { times.hasIntegers }
    /// Whether a time written as a date was read.
    var hasDates: Bool { times.hasDates }

    init(unit: TimeUnit?, zone: any ZoneRules) {
        times = TimeParser(unit: unit, zone: zone)
    }

    /// Checks a row.
    ///
    /// - Returns: What is wrong with it, or nil.
    @inline(__always)
    mutating func check(_ row: borrowing Row) -> Problem? {
        if !row.continuesLine { checkLine(row) }
        if let problem { return problem }
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
        problem = nil
        if let failure = times.parse(row.time.base, row.time.count, into: &time) {
            problem = .time(failure)
        }
        if row.quality.count == 1, row.quality.kind == .plain, row.quality.base[0] == lastQuality.text {
            quality = lastQuality.bits
        } else if !checkQuality(row.quality), problem == nil {
            problem = .quality
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
            case .value(let value) = TimeParser.integer(field.base, field.count),
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
        case .time(let failure):
            row.time.count == 0
                ? "the row has no time" : "the time \"\(row.time.excerpt)\" \(failure.description)"
        case .quality:
            "the quality \"\(row.quality.excerpt)\" is not an integer of 32 bits; leave it empty for none"
        case .type: DeclaredType.unknownReason(row.type)
        case .noDevice: "the row has no device"
        case .noPoint: "the row has no point"
        case .longName: "a name is longer than \(SeriesKey.maximumNameBytes) bytes"
        }
    }
}
