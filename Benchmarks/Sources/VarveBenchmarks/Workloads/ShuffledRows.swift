// ShuffledRows.swift — a file of synthetic rows of a year in random order: the hardest backfill possible.
//
// A hundred devices with ten points each have a sample every few minutes. The file has each sample once, at a
// random place. The order is a permutation that is computed, not stored: four rounds of a Feistel network
// over the next even power of two, walked until the result is a row (Black and Rogaway, "Ciphers with
// Arbitrary Finite Domains", 2002).
//
// Invariants:
// - The same count and seed give the same file. Another seed gives the same rows in another order.

import VarveFile
import VarveModel
import VarveQuery
import VarveStorage

struct ShuffledRows {
    private static let devices = 100
    private static let points = 10
    private static let seriesCount = devices * points
    private static let start: Int64 = 1_704_067_200

    /// The number of rows.
    let count: Int
    /// The seconds between two samples of a series.
    private let step: Int64

    init(_ count: Int) {
        self.count = count
        step = max(1, 31_536_000 / Int64(max(1, count / Self.seriesCount)))
    }

    /// Writes the rows as CSV.
    func write(seed: UInt64, to path: String, files: any FileSystem) throws {
        let file = try files.open(path, .createNew)
        defer { file.close() }
        var bytes = Array("device,point,time,value\n".utf8)
        bytes.reserveCapacity(5 << 20)
        let order = Permutation(count, seed: seed)
        for place in 0..<count {
            append(order[place], to: &bytes)
            if bytes.count > 4 << 20 {
                try file.append(bytes)
                bytes.removeAll(keepingCapacity: true)
            }
        }
        try file.append(bytes)
        try file.sync()
    }

    /// The result that `varve digest --by all` must have for a store with these rows, computed without a
    /// store.
    func digest() throws -> SampleDigest {
        var all = SampleDigest()
        for info in series() {
            var digest = SampleDigest()
            try digests(of: info, in: .all) { digest.add($0.digest) }
            all.add(digest, of: info.key)
        }
        return all
    }

    private func append(_ row: Int, to bytes: inout [UInt8]) {
        let series = row % Self.seriesCount
        bytes.append(contentsOf: "unit-".utf8)
        Self.append(series / Self.points, to: &bytes)
        bytes.append(contentsOf: ",p".utf8)
        Self.append(series % Self.points, to: &bytes)
        bytes.append(UInt8(ascii: ","))
        Self.append(Int(time(row)), to: &bytes)
        bytes.append(UInt8(ascii: ","))
        let value = hundredths(row)
        Self.append(value / 100, to: &bytes)
        bytes.append(UInt8(ascii: "."))
        bytes.append(UInt8(48 + value / 10 % 10))
        bytes.append(UInt8(48 + value % 10))
        bytes.append(UInt8(ascii: "\n"))
    }

    /// The time of a row, in seconds since 1970.
    private func time(_ row: Int) -> Int64 { Self.start + Int64(row / Self.seriesCount) * step }

    /// A value in hundredths that rises and falls slowly, with some noise, like temperatures and powers.
    private func hundredths(_ row: Int) -> Int {
        let (series, time) = (row % Self.seriesCount, time(row))
        let day = Int(time % 86_400)
        let swing = (day < 43_200 ? day : 86_400 - day) / 20
        let noise = Int(Self.mix(UInt64(time) &* 1021 &+ UInt64(series)) % 64)
        return 1000 + series * 7 + swing + noise
    }

    private static func append(_ number: Int, to bytes: inout [UInt8]) {
        var divisor = 1
        while number / divisor >= 10 { divisor *= 10 }
        while divisor > 0 {
            bytes.append(UInt8(48 + number / divisor % 10))
            divisor /= 10
        }
    }

    /// The finalizer of splitmix64.
    fileprivate static func mix(_ number: UInt64) -> UInt64 {
        var word = number &+ 0x9E37_79B9_7F4A_7C15
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }
}

extension ShuffledRows: SampleSource {
    /// The series, in the order of their keys.
    func series() -> [SeriesInfo] {
        (0..<min(count, Self.seriesCount)).map { series in
            let (device, point) = (series / Self.points, series % Self.points)
            let key = SeriesKey(product: "default", device: "unit-\(device)", point: "p\(point)")
            return SeriesInfo(key: key, type: .double)
        }.sorted { $0.key < $1.key }
    }

    func read(
        _ key: SeriesKey, in range: TimeRange, order: TimeOrder, _ body: (SampleColumns) throws -> Bool
    ) throws {
        guard let device = Int(key.device.dropFirst(5)), let point = Int(key.point.dropFirst()) else {
            return
        }
        var columns = SampleColumns(type: .double)
        var bits: [UInt64] = []
        for row in stride(from: device * Self.points + point, to: count, by: Self.seriesCount) {
            columns.times.append(time(row) * 1_000_000_000)
            bits.append((Double(hundredths(row)) / 100).bitPattern)
        }
        columns.values = .bits(bits)
        columns.states = [UInt64](repeating: 0, count: bits.count)
        _ = try body(columns)
    }
}

/// The numbers below a count in random order.
private struct Permutation {
    private let count: UInt64
    private let half: UInt64
    private let mask: UInt64
    private let keys: [UInt64]

    init(_ count: Int, seed: UInt64) {
        self.count = UInt64(count)
        var bits: UInt64 = 1
        while 1 << (2 * bits) < self.count { bits += 1 }
        half = bits
        mask = 1 << bits - 1
        keys = (0..<4).map { ShuffledRows.mix(seed &* 4 &+ $0) }
    }

    subscript(place: Int) -> Int {
        var number = UInt64(place)
        repeat {
            var (left, right) = (number >> half, number & mask)
            for key in keys { (left, right) = (right, left ^ (ShuffledRows.mix(right ^ key) & mask)) }
            number = left << half | right
        } while number >= count
        return Int(number)
    }
}
