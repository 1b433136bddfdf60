// BulkyFile.swift — a file of few rows that is several batches all the same.
//
// A batch of an import ends after 64 MiB of row text. A long column that the import passes over makes rows long
// without giving the store more to do: the first rows make a batch small enough for the WAL, the next one large
// enough for a segment, the last ones the rest of a batch.

import Foundation
import VarveTestSupport

enum BulkyFile {
    /// Rows with the bytes of padding each of them has.
    private static let parts = [
        (rows: 8200, padding: 8192), (rows: 19_500, padding: 3450), (rows: 5000, padding: 8),
    ]

    /// The number of rows.
    static let rows = parts.reduce(0) { $0 + $1.rows }

    /// Writes the file, packed, and returns its path.
    static func write(in sandbox: Sandbox) throws -> String {
        var text = Data("device,point,time,value,note\n".utf8)
        var row = 0
        for part in parts {
            let end = Data(",".utf8) + Data(repeating: 0x78, count: part.padding) + Data("\n".utf8)
            for _ in 0..<part.rows {
                text += Data("d\(row % 3),p\(row % 2),\(1_700_000_000 + row * 10),\(row % 977)".utf8)
                text += end
                row += 1
            }
        }
        let path = try sandbox.write(text, "bulky.csv")
        guard let gzip = Installation.find("gzip") else { return path }
        let packed = try sandbox.start(program: [gzip, "-1", path]).wait()
        return packed.code == 0 ? path + ".gz" : path
    }

    /// The command that imports it.
    static func command(_ file: String) -> [String] {
        ["import", "--register", "--json", "--quiet", "--ignore-columns", file]
    }
}
