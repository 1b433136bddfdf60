// FormsPageTests.swift — tries each row of the tables on the page of forms.

import Foundation
import Testing
import VarveModel

@testable import VarveText

@Suite struct FormsPageTests {
    /// The rows of the table whose header has these two columns.
    private static func rows(_ left: String, _ right: String) throws -> [(String, String)] {
        let folder = try #require(#filePath.range(of: "/Tests/VarveTextTests/")?.lowerBound)
        let path = #filePath[..<folder] + "/Sources/VarveText/VarveText.docc/VarveText.md"
        let lines = try String(contentsOfFile: String(path), encoding: .utf8)
            .split(separator: "\n", omittingEmptySubsequences: false)
        let header = try #require(lines.firstIndex(of: "| \(left) | \(right) |"))
        return lines[(header + 2)...].prefix { $0.hasPrefix("|") }.map { line in
            // The blanks inside a code span belong to the text.
            let cells = line.split(separator: "`", omittingEmptySubsequences: false)
            return (String(cells[1]), String(cells[3]))
        }
    }

    @Test("fields of CSV are quoted as the page says")
    func fields() throws {
        let rows = try Self.rows("text", "field")
        #expect(rows.count == 7)
        for (text, field) in rows {
            var bytes: [UInt8] = []
            CSVText.append(text, to: &bytes)
            #expect(String(decoding: bytes, as: UTF8.self) == field)
        }
    }

    @Test("numbers are read and written as the page says")
    func numbers() throws {
        let rows = try Self.rows("read", "written")
        #expect(rows.count == 7)
        for (read, written) in rows {
            let value = Array(read.utf8).withUnsafeBufferPointer { bytes in
                bytes.baseAddress.flatMap { NumberText.double($0, bytes.count) }
            }
            #expect(try ValueText.string(#require(value)) == written)
        }
    }

    @Test("times are read and written as the page says")
    func times() throws {
        let rows = try Self.rows("read, in UTC", "written")
        #expect(rows.count == 6)
        for (read, written) in rows { #expect(try Timestamp.parse(read).description == written) }
    }

    @Test("durations are read and written as the page says")
    func durations() throws {
        let rows = try Self.rows("length read", "length written")
        #expect(rows.count == 5)
        for (read, written) in rows {
            let seconds = try #require(RetentionPeriod.seconds(read))
            #expect(RetentionPeriod.text(seconds) == written)
        }
    }
}
