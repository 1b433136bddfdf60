// FrozenConstantsTests.swift — every number that files on disk depend on, written down a second time.
//
// These tests are compatibility-sensitive. If one fails, data directories of earlier releases are at stake: a
// changed number needs a new format version (FormatVersions.md), fixtures of its own, and a second pair of eyes.
// Never change a number here only to make the test pass.

import Testing
import VarveCodec
import VarveModel
import VarveTestSupport

@testable import VarveSegment
@testable import VarveStorage

@Suite struct FrozenConstantsTests {
    @Test("segment files")
    func segment() {
        #expect(SegmentFormat.version == 1)
        #expect(SegmentFormat.magic == Array("VARVESEG".utf8))
        #expect(SegmentFormat.endMagic == Array("VARVEEND".utf8))
        #expect(SegmentFormat.preambleBytes == 40)
        #expect(SegmentFormat.footerBytes == 104)
    }

    @Test("WAL files")
    func wal() {
        #expect(WALFormat.version == 1)
        #expect(WALFormat.magic == Array("VARVEWAL".utf8))
        #expect(WALFormat.headerBytes == 40)
        #expect(WALFormat.recordHeaderBytes == 16)
        #expect(WALFormat.recordTrailerBytes == 8)
        #expect(WALRecordType.commit.rawValue == 1)
        #expect(WALRecordType.seal.rawValue == 2)
        #expect(WALRecordType(rawValue: 0) == nil && WALRecordType(rawValue: 3) == nil)
    }

    @Test("manifests, dictionaries and receipts")
    func sealedFiles() {
        #expect(SealedFile.Kind.manifest.version == 5)
        #expect(SealedFile.Kind.dictionary.version == 1 && SealedFile.Kind.receipts.version == 1)
        #expect(SealedFile.Kind.manifest.magic == "VARVEMAN")
        #expect(SealedFile.Kind.dictionary.magic == "VARVEDIC")
        #expect(SealedFile.Kind.receipts.magic == "VARVERCP")
        #expect(SealedFile.headerBytes == 24)
        #expect(SealedFile.trailerBytes == 8)
    }

    @Test("messages files")
    func messages() {
        #expect(MessageFormat.version == 1)
        #expect(MessageFormat.magic == Array("VARVEMSG".utf8))
        #expect(MessageFormat.headerBytes == 96 && MessageFormat.trailerBytes == 16)
        #expect(MessageFormat.entryBytes == 24 && MessageFormat.pieceEntries == 170)
        #expect(MessageFilter.blockBytes == 32 && MessageFormat.pieceBlocks == 127)
        #expect(MessageFilter.blockEntries == 16 && MessageFormat.maximumEntries == 1 << 36)
        let hash = Hash128(low: 0x0123_4567_89AB_CDEF, high: 0xC000_0000_0000_0001)
        #expect(MessageFilter.block(of: hash, among: 100) == 75)
        #expect(
            MessageFilter.bits(of: hash)
                == [
                    0x4_0000, 0x8_0000, 0x4000_0000, 0x80_0000, 0x10, 0x1_0000, 0x1000, 0x100_0000,
                ])
    }

    @Test("names of files")
    func names() throws {
        let id = FileID(Hash128(low: 0x1, high: 0xABCD_0000_0000_0000))
        #expect(
            StoreFolder.immutable(id, .segment) == "segments/abcd0000000000000000000000000001.segment")
        #expect(FileRole.allCases.map(\.rawValue) == ["segment", "dictionary", "receipts", "messages"])
        #expect(StoreFolder.manifest(7) == "manifests/00000000000000000007.manifest")
        #expect(StoreFolder.wal(3, sealed: false) == "wal/00000000000000000003.wal")
        #expect(StoreFolder.wal(.max, sealed: true) == "wal/18446744073709551615.sealed")
        #expect(FileID(hex: "abcd0000000000000000000000000001") == id)
    }

    @Test("limits that readers accept")
    func limits() {
        #expect(
            FormatLimits.blockSamples == 8192 && BlockLimits.samples == 8192 && BlockLimits.vector == 1024)
        #expect(FormatLimits.pageEntries == 1024)
        #expect(FormatLimits.pageBytes == 1_048_576)
        #expect(FormatLimits.vectorIndexBytes == 4_194_304)
        #expect(FormatLimits.topIndexBytes == 67_108_864)
        #expect(FormatLimits.listedSeries == 65_536)
        #expect(FormatLimits.blockBytes == 67_108_864)
        #expect(FormatLimits.blockTextBytes == 33_554_432)
        #expect(FormatLimits.textBytes == 16_777_216)
        #expect(Limits.walRecordBytes == 268_435_456)
        #expect(FormatLimits.sealedFileBytes == 1_073_741_824)
        #expect(FormatLimits.series == 50_000_000)
        #expect(SeriesKey.maximumNameBytes == 1024)
    }

    @Test("value types, policies and states")
    func model() {
        #expect(ValueType.allCases.map(\.rawValue) == [1, 2, 3, 4, 5])
        #expect(ValueType.allCases.map(\.name) == ["double", "int64", "bool", "string", "json"])
        #expect(DuplicatePolicy.allCases.map(\.rawValue) == [1, 2, 3])
        #expect(SampleState().bits == 0)
        #expect(SampleState(quality: 0).bits == 0x1_0000_0000)
        #expect(SampleState(quality: -1).bits == 0x1_FFFF_FFFF)
        #expect(SampleState(isMissing: true).bits == 0x2_0000_0000)
        #expect(SampleState(quality: 3, isMissing: true).bits == 0x3_0000_0003)
        #expect(SampleState(bits: 0x4_0000_0000) == nil && SampleState(bits: 1) == nil)
    }

    @Test("tags of columns")
    func columns() {
        #expect(ColumnEnvelope.allCases.map(\.rawValue) == [64, 65])
        #expect(
            ColumnEncoding.allCases.map(\.rawValue)
                == [1, 2, 3, 4, 5, 6, 16, 17, 18, 19, 20, 21, 22, 23, 32, 33, 34, 35])
        #expect(VectorForm.allCases.map(\.rawValue) == [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13])
    }

    @Test("checksums and the content hash")
    func hashes() {
        let text = Array("varve".utf8)
        #expect(text.withUnsafeBytes { Checksum.of($0) } == Self.checksumOfVarve)
        let key = SeriesKey(product: "p", device: "d", point: "x")
        let rows = [
            SeriesRows(key, .double, [Sample(time: .init(nanoseconds: 1), value: .double(1.5), quality: 2)]),
            SeriesRows(
                SeriesKey(product: "p", device: "d", point: "y"), .string,
                [Sample(time: .init(nanoseconds: 1), value: .string("ab"))]),
        ]
        #expect(ContentHash.of(rows).description == Self.hashOfRows)
    }

    private static let checksumOfVarve: UInt64 = 14_289_426_366_727_016_303
    private static let hashOfRows = "c96cf89cc7e9713dc6c7b4dc0b644af3"
}
