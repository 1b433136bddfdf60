// CSVHeader.swift — finds the meaning of each column from the header line.
//
// Invariants:
// - Every named column has one meaning; a repeated, missing or unknown name is an error that names it.
// - Columns without a name are ignored: one delimiter too many at the end of the lines makes such a column.

import VarveModel
import VarveText

/// The columns of a CSV input.
struct CSVHeader: Hashable, Sendable {
    /// The positions of the columns, from 0; nil if the input lacks the column.
    var device = 0
    var time = 0
    var point: Int?
    var value: Int?
    var quality: Int?
    var product: Int?
    var zone: Int?
    var type: Int?
    /// The columns of a wide input that are points, with their names.
    var points: [WidePoint] = []
    /// The positions of the columns without a name.
    var nameless: [Int] = []
    /// The number of columns, unknown ones included.
    var columnCount: Int

    /// A column of a wide input.
    struct WidePoint: Hashable, Sendable {
        var column: Int
        var name: String
    }

    /// Reads a header.
    ///
    /// - Parameters:
    ///   - names: The column names as the file has them.
    ///   - line: The text of the line, for errors.
    ///   - path: The file, for errors.
    /// - Throws: `ImportError` if a column is missing, is there twice, or is unknown and not to be ignored.
    init(_ names: [String], line: String, options: ImportOptions, path: String) throws(ImportError) {
        columnCount = names.count
        var positions: [Name: Int] = [:]
        for (index, name) in names.enumerated() {
            if name.allSatisfy({ $0 == " " }) {
                nameless.append(index)
                continue
            }
            guard positions.updateValue(index, forKey: Name(name)) == nil else {
                throw .duplicateColumn(path: path, name: name)
            }
        }
        let zoneColumn = options.local.zoneColumn
        let required = options.isWide ? ["time", "device"] : ["device", "point", "time", "value"]
        let missing = (required + (zoneColumn.map { [$0] } ?? [])).filter { positions[Name($0)] == nil }
        guard missing.isEmpty else {
            throw .missingColumns(
                path: path, names: missing, isWide: options.isWide, found: FoundColumns(names, line: line))
        }
        device = positions["device"] ?? 0
        time = positions["time"] ?? 0
        quality = positions["quality"]
        product = positions["product"]
        zone = zoneColumn.flatMap { positions[Name($0)] }
        // In a wide input a column of such a name may be a point.
        let known = Set(
            required + ["quality", "product"] + (options.isWide ? [] : ["type"])
                + (zoneColumn.map { [$0] } ?? []))
        let others = names.enumerated().filter {
            positions[Name($0.element)] == $0.offset && !known.contains($0.element)
        }
        if options.isWide {
            points = others.map { WidePoint(column: $0.offset, name: $0.element) }
            guard !points.isEmpty else {
                throw .missingColumns(
                    path: path, names: ["<point>"], isWide: true, found: FoundColumns(names, line: line))
            }
        } else {
            point = positions["point"]
            value = positions["value"]
            type = positions["type"]
            guard others.isEmpty || options.ignoresColumns else {
                throw .unknownColumns(path: path, names: others.map(\.element))
            }
        }
    }
}

/// The content of a first line that is no header, for the error message.
public struct FoundColumns: Hashable, Sendable, CustomStringConvertible {
    /// The content, as half a sentence.
    public let description: String

    init(_ names: [String], line: String) {
        let delimiters: [(Character, String)] = [
            (",", "commas"), (";", "semicolons"), ("\t", "tabs"), ("|", "bars"),
        ]
        let counts = delimiters.map { delimiter in line.count { $0 == delimiter.0 } }
        let most = counts.indices.max { counts[$0] < counts[$1] } ?? 0
        if most > 0, counts[most] > counts[0] {
            let columns = line.split(separator: delimiters[most].0, omittingEmptySubsequences: false)
            description =
                "line 1 has \(columns.count) columns separated by \(delimiters[most].1) where commas are read: "
                + Self.list(columns.map(String.init))
        } else {
            description = "line 1 has \(names.count) columns: \(Self.list(names))"
        }
    }

    /// The first few names, each on one line and of bounded length.
    static func list(_ names: [String]) -> String {
        let shown = names.prefix(8).map { Excerpt.of($0) }
        return shown.joined(separator: ", ") + (names.count > 8 ? " and \(names.count - 8) more" : "")
    }
}
