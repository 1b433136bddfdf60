// FormatDocumentsTests.swift — the format documents have the numbers of the code.
//
// Byte tables are only in the documents and in the constants; this test compares the two.

import Testing
import VarveFile
import VarveModel

@testable import VarveSegment
@testable import VarveStorage

@Suite struct FormatDocumentsTests {
    private static func document(_ name: String, _ file: String = #filePath) throws -> String {
        let root = file.split(separator: "/").dropLast(4).joined(separator: "/")
        let module = name == "SegmentFormat" ? "VarveSegment" : "VarveStorage"
        let path = "/\(root)/Sources/\(module)/\(module).docc/\(name).md"
        return String(decoding: try POSIXFileSystem().readAll(path), as: UTF8.self)
    }

    @Test("the places that guarantees rest on are where Architecture says")
    func guarantees() throws {
        let rows = try Self.document("Architecture").split(separator: "\n").filter {
            $0.hasPrefix("|") && $0.contains(".swift`, `")
        }
        #expect(rows.count > 15)
        for row in rows {
            let marked = row.split(separator: "`").map(String.init)
            for (file, place) in zip(marked, marked.dropFirst(2)) where file.hasSuffix(".swift") {
                let root = #filePath.split(separator: "/").dropLast(4).joined(separator: "/")
                let path = file.hasPrefix("Varve") ? file : "VarveStorage/\(file)"
                let source = try POSIXFileSystem().readAll("/\(root)/Sources/\(path)")
                #expect(String(decoding: source, as: UTF8.self).contains(place), "\(file): \(place)")
            }
        }
    }

    /// A number as the documents print it.
    private static func printed(_ number: Int) -> String {
        var groups: [String] = []
        var rest = number
        while rest >= 1000 {
            let digits = String(rest % 1000)
            groups.insert(String(repeating: "0", count: 3 - digits.count) + digits, at: 0)
            rest /= 1000
        }
        return ([String(rest)] + groups).joined(separator: ",")
    }

    private static func text(_ bytes: [UInt8]) -> String { "`\(String(decoding: bytes, as: UTF8.self))`" }

    /// What each document must say.
    private static let statements: [(document: String, statement: String)] = [
        ("SegmentFormat", text(SegmentFormat.magic)), ("SegmentFormat", text(SegmentFormat.endMagic)),
        ("SegmentFormat", "## Preamble, \(SegmentFormat.preambleBytes) bytes"),
        ("SegmentFormat", "## Footer, the last \(SegmentFormat.footerBytes) bytes"),
        ("SegmentFormat", "| 8 | 2 | version | \(SegmentFormat.version) |"),
        ("SegmentFormat", "1 to \(FormatLimits.blockSamples) |"),
        ("SegmentFormat", "1 to \(FormatLimits.pageEntries) |"),
        ("SegmentFormat", printed(FormatLimits.vectorIndexBytes)),
        ("SegmentFormat", printed(FormatLimits.topIndexBytes)),
        ("SegmentFormat", "at most \(printed(FormatLimits.listedSeries)) | series listed"),
        ("SegmentFormat", "0 to \(ExactSum.highestExponent) |"),
        ("SegmentFormat", "| 84 | 2 | version | \(SegmentFormat.version) |"),
        ("SegmentFormat", printed(FormatLimits.pageBytes)),
        ("SegmentFormat", printed(FormatLimits.blockBytes)),
        ("SegmentFormat", printed(FormatLimits.blockTextBytes)),
        ("SegmentFormat", printed(FormatLimits.textBytes)),
        ("SegmentFormat", printed(FormatLimits.series)),
        ("SegmentFormat", "| \(ValueType.double.name) | \(ValueType.double.rawValue) |"),
        ("SegmentFormat", "| \(ValueType.int64.name) | \(ValueType.int64.rawValue) |"),
        ("SegmentFormat", "| \(ValueType.bool.name) | \(ValueType.bool.rawValue) |"),
        ("SegmentFormat", "| \(ValueType.string.name) | \(ValueType.string.rawValue) |"),
        ("SegmentFormat", "| \(ValueType.json.name) | \(ValueType.json.rawValue) |"),
        ("WALFormat", text(WALFormat.magic)), ("WALFormat", "## Header, \(WALFormat.headerBytes) bytes"),
        (
            "WALFormat",
            "## Record, \(WALFormat.recordHeaderBytes) + n + \(WALFormat.recordTrailerBytes) bytes"
        ),
        ("WALFormat", "| 8 | 2 | version | \(WALFormat.version) |"),
        (
            "WALFormat",
            "\(WALRecordType.commit.rawValue) commit, \(WALRecordType.seal.rawValue) seal;"
        ),
        ("WALFormat", printed(Limits.walRecordBytes)), ("WALFormat", printed(FormatLimits.blockBytes)),
        ("ManifestFormat", "`\(SealedFile.Kind.manifest.magic)` manifest"),
        ("ManifestFormat", "`\(SealedFile.Kind.dictionary.magic)` dictionary"),
        ("ManifestFormat", "`\(SealedFile.Kind.receipts.magic)` receipts"),
        ("ManifestFormat", "## Frame, \(SealedFile.headerBytes) + n + \(SealedFile.trailerBytes) bytes"),
        (
            "ManifestFormat",
            "| 8 | 2 | version | manifest \(SealedFile.Kind.manifest.version), "
                + "dictionary \(SealedFile.Kind.dictionary.version), receipts \(SealedFile.Kind.receipts.version)"
        ),
        ("ManifestFormat", text(MessageFormat.magic)),
        ("ManifestFormat", "| 8 | 2 | version | \(MessageFormat.version) |"),
        ("ManifestFormat", "### Header, \(MessageFormat.headerBytes) bytes"),
        ("ManifestFormat", "\(MessageFormat.pieceBlocks) blocks of \(MessageFilter.blockBytes) bytes"),
        ("ManifestFormat", "\(MessageFormat.pieceEntries) entries of \(MessageFormat.entryBytes) bytes"),
        ("ManifestFormat", printed(MessageFormat.maximumEntries)),
        ("ManifestFormat", printed(FormatLimits.sealedFileBytes)),
        ("ManifestFormat", printed(FormatLimits.series)),
        ("ManifestFormat", "1 to \(SeriesKey.maximumNameBytes) bytes"),
    ]

    @Test("each document states the constants of the code", arguments: 0..<statements.count)
    func says(index: Int) throws {
        let (name, statement) = Self.statements[index]
        #expect(try Self.document(name).contains(statement), "\(name).md: \(statement)")
    }

    @Test("a number that is missing in a document is found")
    func canFail() throws {
        #expect(try !Self.document("SegmentFormat").contains(Self.printed(FormatLimits.pageBytes + 1)))
        #expect(throws: FileError.self) { try Self.document("NoFormat") }
    }

    @Test(
        "the offsets of a byte table are the sums of its widths",
        arguments: ["SegmentFormat", "WALFormat", "ManifestFormat"])
    func offsets(name: String) throws {
        var next: Int?
        var rows = 0
        for line in try Self.document(name).split(separator: "\n", omittingEmptySubsequences: false) {
            let cells = line.split(separator: "|").map { $0.drop { $0 == " " } }
            guard cells.count >= 3, let offset = Int(cells[0].filter { $0 != " " }),
                let width = Int(cells[1].filter { $0 != " " })
            else {
                next = nil
                continue
            }
            #expect(offset == next ?? 0, "\(name).md: \(line)")
            next = offset + width
            rows += 1
        }
        #expect(rows >= 5)
    }
}
