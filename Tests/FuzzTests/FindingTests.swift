// FindingTests.swift — inputs that the fuzzer once found, and the seeds that it starts from, keep every
// promise.

import Foundation
import Testing

@Suite("Findings of the fuzzer") struct FindingTests {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(
        path: "Findings")

    /// The kept inputs of a target, each in a file of its own.
    private static func findings(_ target: FuzzTarget) throws -> [URL] {
        let folder = folder.appending(path: target.name)
        guard FileManager.default.fileExists(atPath: folder.path) else { return [] }
        return try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
    }

    @Test("every kept input is decoded or refused as promised", arguments: FuzzTarget.all.map(\.name))
    func findings(name: String) throws {
        let target = try #require(FuzzTarget.all.first { $0.name == name })
        for file in try Self.findings(target) {
            let failure = try Data(contentsOf: file).withUnsafeBytes(target.run)
            #expect(failure == nil, "\(file.lastPathComponent)")
        }
    }

    @Test(
        "every seed is decoded or refused as promised: whole, cut short and with a byte changed",
        arguments: FuzzTarget.all.map(\.name))
    func seeds(name: String) throws {
        let target = try #require(FuzzTarget.all.first { $0.name == name })
        for seed in target.seeds() {
            #expect(seed.withUnsafeBytes(target.run) == nil)
            for position in seed.indices.prefix(300) {
                var changed = seed
                changed[position] ^= UInt8(truncatingIfNeeded: 1 << (position % 8)) | 1
                #expect(changed.withUnsafeBytes(target.run) == nil, "byte \(position)")
                #expect(seed.prefix(position).withUnsafeBytes(target.run) == nil, "\(position) bytes")
            }
        }
    }

    @Test("every folder of findings is named after a target")
    func folders() throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: Self.folder.path)
            .filter { !$0.hasPrefix(".") && $0 != "README.md" }
        #expect(Set(names).isSubset(of: FuzzTarget.all.map(\.name)))
    }
}
