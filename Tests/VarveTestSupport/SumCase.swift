// SumCase.swift — lists of doubles with their sums by exact rational arithmetic.

import VarveFile

/// A line of exact_sums.txt, which exact_sums.py writes.
package struct SumCase: Sendable {
    /// The bit patterns of the doubles.
    package var values: [UInt64] = []
    /// The bit pattern of the double nearest to their exact sum.
    package var sum: UInt64 = 0
    /// The bit pattern of the double nearest to their exact mean; nil if the line has none.
    package var mean: UInt64?
    /// The bit pattern of the double nearest to their exact sum divided by `count`.
    package var quotient: UInt64 = 0
    /// The divisor of `quotient`.
    package var count: UInt64 = 0

    /// All lines of the file.
    ///
    /// - Throws: `FileError` if the file cannot be read.
    package static func all() throws -> [SumCase] {
        let folder = #filePath.split(separator: "/").dropLast().joined(separator: "/")
        let text = String(decoding: try POSIXFileSystem().readAll("/\(folder)/exact_sums.txt"), as: UTF8.self)
        return text.split(separator: "\n").map { line in
            let fields = line.split(separator: "|", omittingEmptySubsequences: false)
            var one = SumCase()
            one.values = fields[0].split(separator: " ").compactMap { UInt64($0, radix: 16) }
            one.sum = UInt64(fields[1], radix: 16) ?? 0
            one.mean = UInt64(fields[2], radix: 16)
            one.count = UInt64(fields[3]) ?? 0
            one.quotient = UInt64(fields[4], radix: 16) ?? 0
            return one
        }
    }
}
