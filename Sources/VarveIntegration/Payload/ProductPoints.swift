// ProductPoints.swift — the points of one product that messages have named, by device and point number.
//
// Only points that the directory has found are kept. An unknown name is looked up each time, so a point that was just
// created is found at once, and a flood of wrong names costs no memory.
//
// Invariants:
// - A cell belongs to one (device, point); its kind and policy are what the directory last answered.
// - The series of a cell has the names by which it was looked up.

import VarveModel
import VarveText

/// What is known of one product's points.
struct ProductPoints: ~Copyable {
    /// What a point takes.
    struct Kind {
        var type: ValueType
        /// The number of its demands, from 1; 0 if nothing more is asked than the type.
        var demands: UInt16 = 0
    }

    /// What is asked of a value, and done to it, beyond its type.
    struct Demands: Hashable {
        /// What the model asks of it as it was sent.
        var rule: ValueRule?
        /// What the product's policy does to it then.
        var processing: ValueProcessing?
        /// What the model asks of the result, if the policy renames the point.
        var storedRule: ValueRule?
    }

    /// What a row needs to know of its point; 16 bytes.
    struct Cell {
        /// Device and point number, plus one; 0 for a free place.
        fileprivate var series: UInt64
        /// Which slot of `MessageRows` the point had last; a hint, which `MessageRows.slot(for:series:)` checks.
        var slot: UInt32
        var kind: Kind
        var policy: DuplicatePolicy
    }

    /// The most points of all caches together, about 50 bytes each; above it, `DirectoryCache.refresh` empties them.
    static let limit = 1_000_000

    let product: String
    /// How messages of the product are taken; nil until the directory has been asked.
    var settings: ProductSettings?
    var devices = NameTable()
    var points = NameTable()
    /// The names of the series of events and attributes.
    var reserved = NameTable()
    /// The answers for points that the product's policy concerns, by the names in messages.
    ///
    /// They are the same for all devices, whose names are of no meaning in them.
    private(set) var policies: [Name: PointLookup] = [:]
    private(set) var count = 0
    private var cells: UnsafeMutablePointer<Cell>
    private var capacity = 64
    /// The different demands of the points, and the number of each.
    private var demands: [Demands] = []
    private var demandNumbers: [Demands: UInt16] = [:]
    private static let free = Cell(series: 0, slot: 0, kind: Kind(type: .double), policy: .last)

    init(product: String) {
        self.product = product
        cells = .allocate(capacity: capacity)
        cells.initialize(repeating: Self.free, count: capacity)
    }

    deinit {
        cells.deallocate()
    }

    /// The number of a device's point: the device in the upper 32 bits, the point plus one in the lower.
    @inline(__always)
    static func seriesNumber(device: Int, point: Int) -> UInt64 {
        UInt64(truncatingIfNeeded: device) << 32 | (UInt64(truncatingIfNeeded: point) &+ 1)
    }

    /// Set in the numbers of series of events and attributes.
    private static let reservedBit: UInt64 = 1 << 31

    /// The number of a device's event or attribute; it differs from the numbers of all points.
    @inline(__always)
    static func reservedNumber(device: Int, name: Int) -> UInt64 {
        seriesNumber(device: device, point: name) | reservedBit
    }

    /// The cell of a device's point, or nil if the cache does not know it; valid until `add`.
    @inline(__always)
    func find(_ series: UInt64) -> UnsafeMutablePointer<Cell>? {
        let mask = capacity &- 1
        var place = Self.place(series) & mask
        while cells[place].series != 0 {
            if cells[place].series == series { return cells + place }
            place = (place &+ 1) & mask
        }
        return nil
    }

    /// The series of a cell.
    func key(of series: UInt64) -> SeriesKey {
        let device = Int(series >> 32)
        let number = Int(series & (Self.reservedBit - 1)) - 1
        let name = series & Self.reservedBit == 0 ? points.strings[number] : reserved.strings[number]
        return SeriesKey(product: product, device: devices.strings[device], point: name)
    }

    /// Keeps an answer of the directory if a policy concerns the point.
    mutating func note(_ answer: PointLookup, for point: String) {
        switch answer {
        case .notStored: policies[Name(point)] = answer
        case .found(let found):
            let isPlain =
                found.policyMark == 0 && found.processing == nil && found.key.point.sameBytes(as: point)
            if !isPlain { policies[Name(point)] = answer }
        default: break
        }
    }

    /// Adds a point that the directory has found.
    ///
    /// - Throws: `RequestFailure` if the points of the product have more than 65,535 different demands.
    mutating func add(_ series: UInt64, _ point: RegisteredPoint) throws(RequestFailure) {
        let kind = Kind(type: point.type, demands: try number(of: point))
        if count * 2 >= capacity { grow() }
        insert(Cell(series: series, slot: 0, kind: kind, policy: point.policy))
        count += 1
    }

    /// The rule of a kind; nil if nothing more is asked than the type.
    func rule(of kind: Kind) -> ValueRule? { demands(of: kind)?.rule }

    /// The demands of a kind; nil if nothing more is asked than the type.
    func demands(of kind: Kind) -> Demands? { kind.demands == 0 ? nil : demands[Int(kind.demands) - 1] }

    private mutating func number(of point: RegisteredPoint) throws(RequestFailure) -> UInt16 {
        var asked = Demands(processing: point.processing, storedRule: point.storedRule)
        if let rule = point.rule, rule.narrowsType || rule.storedType != point.type { asked.rule = rule }
        guard asked != Demands() else { return 0 }
        if let known = demandNumbers[asked] { return known }
        guard let number = UInt16(exactly: demands.count + 1) else {
            throw RequestFailure(
                .modelMismatch,
                "product \(product.excerpt) has too many different data types and changes of values")
        }
        demands.append(asked)
        demandNumbers[asked] = number
        return number
    }

    private func insert(_ cell: Cell) {
        let mask = capacity - 1
        var place = Self.place(cell.series) & mask
        while cells[place].series != 0 { place = (place + 1) & mask }
        cells[place] = cell
    }

    private mutating func grow() {
        let old = cells
        let oldCapacity = capacity
        capacity *= 2
        cells = .allocate(capacity: capacity)
        cells.initialize(repeating: Self.free, count: capacity)
        for place in 0..<oldCapacity where old[place].series != 0 { insert(old[place]) }
        old.deallocate()
    }

    /// Where the search for a series begins: up to four neighbouring points of a device share a cache line.
    @inline(__always)
    private static func place(_ series: UInt64) -> Int {
        Int(truncatingIfNeeded: Bytes.mix(series >> 2) << 2 | series & 3)
    }
}
