// TemporaryFolder.swift — a data directory of a test's own, and messages to put in.

import Foundation
import VarveModel

/// A folder that goes away with its object.
final class TemporaryFolder {
    let path: String

    init() throws {
        var template = Array("\(FileManager.default.temporaryDirectory.path)/varve-server-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw POSIXError(.EIO) }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}

enum Messages {
    static let key = SeriesKey(product: "wind", device: "T1", point: "p")

    /// A batch of consecutive seconds, each with its number as value.
    static func batch(
        _ seconds: Range<Int>, type: ValueType = .double, part: SampleBatch.Part? = nil
    ) -> SampleBatch {
        var columns = SampleColumns(type: type)
        for second in seconds {
            columns.append(
                Sample(
                    time: Timestamp(nanoseconds: Int64(second) * 1_000_000_000),
                    value: type == .double ? .double(Double(second)) : .int64(Int64(second)), quality: nil))
        }
        return SampleBatch(series: [SeriesRows(key: key, type: type, columns: columns)], part: part)
    }
}
