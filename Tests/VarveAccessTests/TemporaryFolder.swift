// TemporaryFolder.swift — a folder of a test's own.

import Foundation

/// Goes away with its object.
final class TemporaryFolder {
    let path: String

    init() throws {
        var template = Array("\(FileManager.default.temporaryDirectory.path)/varve-access-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw POSIXError(.EIO) }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}
