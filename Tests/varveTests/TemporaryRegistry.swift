// TemporaryRegistry.swift — a registry in a directory that is removed afterwards.

import Foundation
import VarveRegistry

/// Makes registries for tests.
enum TemporaryRegistry {
    static func with(_ body: (Registry) throws -> Void) throws {
        let directory = FileManager.default.temporaryDirectory
            .appendingPathComponent("varve-command-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        try body(
            Registry.open(path: directory.appendingPathComponent("registry.sqlite").path, create: true))
    }
}
