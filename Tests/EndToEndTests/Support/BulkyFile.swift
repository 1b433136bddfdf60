// BulkyFile.swift — a file of few rows that nevertheless makes several batches.
//
// A batch of an import ends after 64 MiB of row text. A long column that the import ignores makes rows long without
// more work for the store. The first rows make a batch small enough for the WAL, the next rows one large enough for a
// segment, and the last rows an incomplete batch.

import Foundation
import VarveTestSupport

enum BulkyFile {
    /// Numbers of rows, and the bytes of padding of each row.
    private static let parts = [
        (rows: 8200, padding: 8192), (rows: 19_500, padding: 3450), (rows: 5000, padding: 8),
    ]

    /// The number of rows in all.
    static let rows = parts.reduce(0) { $0 + $1.rows }

    /// Writes the file, compressed, and returns its path.
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
