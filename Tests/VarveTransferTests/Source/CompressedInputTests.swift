// CompressedInputTests.swift — packed files that are complete, joined, cut or damaged.
//
// The bytes are one small CSV file packed with gzip 1.12, zstd 1.5 and lz4 1.9.

import Testing
import VarveFile
import VarveModel
import VarveTestSupport

@testable import VarveTransfer

@Suite struct CompressedInputTests {
    static let gzip: [UInt8] = [
        0x1F, 0x8B, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0x4B, 0x49, 0x2D, 0xCB, 0x4C, 0x4E,
        0xD5, 0x29, 0xC8, 0xCF, 0xCC, 0x2B, 0xD1, 0x29, 0xC9, 0xCC, 0x4D, 0xD5, 0x29, 0x4B, 0xCC, 0x29,
        0x4D, 0xE5, 0x72, 0xD4, 0x29, 0xD1, 0x31, 0x32, 0x30, 0x32, 0xD1, 0x35, 0x30, 0xD5, 0x35, 0x30,
        0x0C, 0x31, 0x34, 0xB2, 0x32, 0x30, 0x00, 0xA2, 0x28, 0x1D, 0x43, 0x3D, 0x53, 0x1C, 0x92, 0x86,
        0x51, 0x3A, 0x46, 0x40, 0x49, 0x00, 0x29, 0xF9, 0x82, 0xD2, 0x52, 0x00, 0x00, 0x00,
    ]
    static let zstd: [UInt8] = [
        0x28, 0xB5, 0x2F, 0xFD, 0x24, 0x52, 0x1D, 0x02, 0x00, 0xB4, 0x03, 0x64, 0x65, 0x76, 0x69, 0x63,
        0x65, 0x2C, 0x70, 0x6F, 0x69, 0x6E, 0x74, 0x2C, 0x74, 0x69, 0x6D, 0x65, 0x2C, 0x76, 0x61, 0x6C,
        0x75, 0x65, 0x0A, 0x41, 0x2C, 0x74, 0x2C, 0x32, 0x30, 0x32, 0x34, 0x2D, 0x30, 0x35, 0x2D, 0x30,
        0x31, 0x54, 0x31, 0x32, 0x3A, 0x30, 0x30, 0x3A, 0x30, 0x30, 0x5A, 0x2C, 0x31, 0x2E, 0x35, 0x31,
        0x5A, 0x2C, 0x32, 0x2E, 0x35, 0x0A, 0x01, 0x00, 0x04, 0x6A, 0x05, 0x05, 0x95, 0xA9, 0x66, 0x24,
    ]
    static let lz4: [UInt8] = [
        0x04, 0x22, 0x4D, 0x18, 0x64, 0x40, 0xA7, 0x41, 0x00, 0x00, 0x00, 0xFF, 0x25, 0x64, 0x65, 0x76,
        0x69, 0x63, 0x65, 0x2C, 0x70, 0x6F, 0x69, 0x6E, 0x74, 0x2C, 0x74, 0x69, 0x6D, 0x65, 0x2C, 0x76,
        0x61, 0x6C, 0x75, 0x65, 0x0A, 0x41, 0x2C, 0x74, 0x2C, 0x32, 0x30, 0x32, 0x34, 0x2D, 0x30, 0x35,
        0x2D, 0x30, 0x31, 0x54, 0x31, 0x32, 0x3A, 0x30, 0x30, 0x3A, 0x30, 0x30, 0x5A, 0x2C, 0x31, 0x2E,
        0x35, 0x1D, 0x00, 0x04, 0x70, 0x31, 0x5A, 0x2C, 0x32, 0x2E, 0x35, 0x0A, 0x00, 0x00, 0x00, 0x00,
        0x31, 0x3D, 0x82, 0x3F,
    ]

    static let all = [("gzip", gzip), ("zstd", zstd), ("lz4", lz4)]

    @Test("a packed file is recognised by its first bytes and imported", arguments: all)
    func whole(format: String, bytes: [UInt8]) throws {
        let fixture = try TransferFixture()
        let result = try fixture.importer().importFile(try fixture.write(bytes, "in.csv"))
        #expect(result.receipt.accepted == 2)
        #expect(fixture.store.samples("A", "t").last == (try .at("2024-05-01T12:00:01Z", .double(2.5))))
    }

    @Test("successive members and frames are one file", arguments: all)
    func joined(format: String, bytes: [UInt8]) throws {
        let fixture = try TransferFixture()
        let result = try fixture.importer().importFile(try fixture.write(bytes + bytes, "in.csv"))
        // The header of the second file is read as a row without a valid time.
        #expect(result.receipt.rejected == 1)
        #expect(result.receipt.accepted == 2)
        #expect(result.receipt.identical == 2)
    }

    @Test("a packed file cut anywhere is reported as truncated and commits nothing", arguments: all)
    func truncated(format: String, bytes: [UInt8]) throws {
        let fixture = try TransferFixture()
        for count in 4..<bytes.count {
            let path = try fixture.write(Array(bytes[..<count]), "in.csv")
            let error = #expect(throws: DamagedInput.self, "\(format) cut at \(count)") {
                try fixture.importer().importFile(path)
            }
            #expect(error == DamagedInput(path: path, format: format, fault: .truncated), "cut at \(count)")
        }
        #expect(fixture.store.batches.isEmpty)
        #expect(fixture.store.imports == 0)
    }

    @Test("a damaged packed file never imports other rows", arguments: all)
    func damaged(format: String, bytes: [UInt8]) throws {
        let fixture = try TransferFixture()
        _ = try fixture.importer().importFile(try fixture.write(bytes, "good.csv"))
        let good = fixture.store.content
        for index in 4..<bytes.count {
            var copy = bytes
            copy[index] ^= 0x10
            let path = try fixture.write(copy, "in.csv")
            do {
                _ = try fixture.importer().importFile(path)
            } catch let error as DamagedInput {
                #expect(error.format == format)
            }
            let isSame = fixture.store.content == good
            #expect(isSame, "\(format), byte \(index)")
        }
    }

    @Test("zero padding after gzip is accepted, anything else is damage")
    func padding() throws {
        let fixture = try TransferFixture()
        let padded = try fixture.write(Self.gzip + [0, 0, 0], "padded.csv")
        #expect(try fixture.importer().importFile(padded).receipt.accepted == 2)
        let path = try fixture.write(Self.gzip + [1, 2, 3], "in.csv")
        let error = #expect(throws: DamagedInput.self) { try fixture.importer().importFile(path) }
        #expect(error?.fault == .corrupt)
        #expect(error?.description.contains("is damaged") == true)
    }
}
