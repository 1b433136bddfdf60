// ExportSurvey.swift — reads the samples before an export: would the file come back as the same samples?
//
// `import --register` derives the type of a new point from its texts. If that would be another type than the point
// has, the rows name the type. Only the samples decide; the store's registry is not asked.
//
// Invariants:
// - A file without types is written only if registration derives each point's own type from its texts. A single
//   text that is a number is enough for a text point to need its type in the file.
// - Memory grows only with the names of the points.

import VarveModel
import VarveText

/// Collects what decides whether an export is refused and which columns it has.
struct ExportSurvey {
    private let format: ExportFormat
    private let allowed: Set<ExportLoss>
    private var points: [PointName: [ValueType: Kinds]] = [:]
    /// The number of samples with each of the allowed losses.
    private(set) var lost: [ExportLoss: UInt64] = [:]

    /// The kinds of values of a point that registration would tell apart.
    private struct Kinds: OptionSet {
        let rawValue: UInt8
        /// Any value.
        static let values = Kinds(rawValue: 1)
        /// Integers beyond ±2^53, which a double does not always hold exactly.
        static let bigIntegers = Kinds(rawValue: 2)
        /// Texts that are numbers.
        static let numbers = Kinds(rawValue: 4)
        /// JSON that is neither array nor object.
        static let scalars = Kinds(rawValue: 8)
    }

    private static let missingBits = SampleState(isMissing: true).bits
    private static let largestExact = 9_007_199_254_740_992.0

    init(_ format: ExportFormat, allowing allowed: Set<ExportLoss>) {
        self.format = format
        self.allowed = allowed
    }

    /// Takes note of samples of a series.
    ///
    /// - Throws: `loss` for the first loss that is not allowed.
    mutating func add(_ columns: SampleColumns, of series: SeriesInfo) throws(ExportError) {
        if columns.count == 0 { return }
        let name = PointName(product: series.key.product, point: series.key.point)
        var kinds = points[name]?[series.type] ?? []
        for (index, state) in columns.states.enumerated() {
            if state & Self.missingBits == 0 {
                kinds.insert(.values)
            } else if state == Self.missingBits {
                try countLoss(.emptySample, series, columns.times[index])
            }
        }
        switch (columns.values, series.type) {
        case (.bits(let bits), .double): try addDoubles(bits, columns, series, &kinds)
        case (.bits(let bits), .int64):
            let limit = UInt64(Self.largestExact)
            if bits.contains(where: { Int64(bitPattern: $0).magnitude > limit }) {
                kinds.insert(.bigIntegers)
            }
        case (.bits, _): break
        case (.text(let texts), _): try addTexts(texts, columns, series, &kinds)
        }
        points[name, default: [:]][series.type] = kinds
    }

    /// Whether points of one name differ in type between products; rows must then name the product.
    var typesDiffer: Bool {
        var types: [Name: Set<ValueType>] = [:]
        for (name, kinds) in points { types[name.point, default: []].formUnion(kinds.keys) }
        return types.values.contains { $0.count > 1 }
    }

    /// Whether the rows must name the type.
    ///
    /// - Parameter withProduct: Whether the rows name the product; without it all points of a name become one point.
    /// - Throws: `twoTypes` for a point that has series of several types.
    func needsTypes(withProduct: Bool) throws(ExportError) -> Bool {
        var joined: [PointName: Kinds] = [:]
        var types: [PointName: ValueType] = [:]
        for (name, byType) in points {
            guard byType.count == 1, let (type, kinds) = byType.first else {
                let types = byType.keys.sorted { $0.rawValue < $1.rawValue }
                throw .twoTypes(product: name.product.text, point: name.point.text, types: types)
            }
            let place = withProduct ? name : PointName(product: "", point: name.point.text)
            joined[place, default: []].formUnion(kinds)
            types[place] = type
        }
        return joined.contains { name, kinds in types[name].map { !isDerived($0, from: kinds) } ?? false }
    }

    /// Whether registration derives this type from values of these kinds.
    private func isDerived(_ type: ValueType, from kinds: Kinds) -> Bool {
        switch type {
        case .double: !kinds.contains(.bigIntegers)
        case .int64: kinds.contains(.bigIntegers)
        case .string: kinds.contains(.values) && !kinds.contains(.numbers)
        case .bool: format == .ndjson && kinds.contains(.values)
        case .json: format == .ndjson && kinds.contains(.values) && !kinds.contains(.scalars)
        }
    }

    private mutating func addDoubles(
        _ bits: [UInt64], _ columns: SampleColumns, _ series: SeriesInfo, _ kinds: inout Kinds
    ) throws(ExportError) {
        let limit = Self.largestExact.bitPattern
        for (index, word) in bits.enumerated() where word & 0x7FFF_FFFF_FFFF_FFFF > limit {
            let value = Double(bitPattern: word)
            if value.isNaN {
                if word != Double.nan.bitPattern { try countLoss(.nanPayload, series, columns.times[index]) }
            } else if value.isFinite, !kinds.contains(.bigIntegers) {
                let text = Array(ValueText.string(value).utf8)
                if Self.number(text[...]) != .decimal { kinds.insert(.bigIntegers) }
            }
        }
    }

    private mutating func addTexts(
        _ texts: TextColumn, _ columns: SampleColumns, _ series: SeriesInfo, _ kinds: inout Kinds
    ) throws(ExportError) {
        for index in 0..<texts.count where columns.states[index] & Self.missingBits == 0 {
            let text = texts.bytes[texts.range(index)]
            if SampleRowWriter.mayExceed(RowReader.maximumRowBytes, text, of: series, format.rows) {
                try countLoss(.longRow, series, columns.times[index])
            }
            if series.type == .json {
                if text.first != 0x7B, text.first != 0x5B { kinds.insert(.scalars) }
            } else if !kinds.contains(.numbers), isNumber(text) {
                kinds.insert(.numbers)
            }
        }
    }

    /// Whether registration may count a text as a number: in NDJSON only NaN and infinities, which are strings there.
    private func isNumber(_ text: ArraySlice<UInt8>) -> Bool {
        switch Self.number(text) {
        case .text: false
        case .decimal: format == .csv || text.last.map { $0 | 0x20 > 0x60 } ?? false
        case .integer, .bigInteger, .hugeInteger: format == .csv
        }
    }

    private static func number(_ text: ArraySlice<UInt8>) -> NumberClass {
        text.withUnsafeBufferPointer { bytes in
            bytes.baseAddress.map { NumberText.classify($0, bytes.count) } ?? .text
        }
    }

    private mutating func countLoss(
        _ loss: ExportLoss, _ series: SeriesInfo, _ time: Int64
    ) throws(ExportError) {
        guard allowed.contains(loss) else {
            throw .loss(loss, series: series.key, time: Timestamp(nanoseconds: time))
        }
        lost[loss, default: 0] += 1
    }
}
