// DisplacedRows.swift — writes a copy of a CSV file in which one row in twenty is elsewhere.
//
// It runs as a command of its own, because it holds the file in memory (see ChildProcess). The rows are the
// same. The displaced ones are shuffled among their places, always in the same way.

import VarveFile

/// Turns data in order into late data.
enum DisplacedRows {
    private static let share = 20
    private static let seed: UInt64 = 20_240_601

    static func write(from source: String, to target: String, files: any FileSystem) throws {
        let bytes = try files.readAll(source)
        var lines: [Range<Int>] = []
        var start = 0
        bytes.withUnsafeBufferPointer { bytes in
            for index in bytes.indices where bytes[index] == UInt8(ascii: "\n") {
                lines.append(start..<index + 1)
                start = index + 1
            }
        }
        guard let header = lines.first else { throw HarnessError("\(source) has no line") }
        lines.removeFirst()
        var random = SplitMix(state: seed)
        let places = lines.indices.filter { _ in random.next() % UInt64(share) == 0 }
        let moved = places.shuffled(using: &random)
        var order = Array(lines.indices)
        for (place, row) in zip(places, moved) { order[place] = row }
        let file = try files.open(target, .replace)
        defer { file.close() }
        var output = Array(bytes[header])
        for row in order {
            output.append(contentsOf: bytes[lines[row]])
            if output.count > 8 << 20 {
                try output.withUnsafeBytes { try file.append($0) }
                output.removeAll(keepingCapacity: true)
            }
        }
        try output.withUnsafeBytes { try file.append($0) }
    }
}

/// SplitMix64: a seed gives the same numbers everywhere.
private struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }
}
