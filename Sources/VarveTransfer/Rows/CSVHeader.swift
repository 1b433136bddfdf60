// CSVHeader.swift — which column is what, told by the header line.
//
// Invariants:
// - Every column has one meaning; a name that stands twice, is missing or is unknown is an error that names it.

/// The columns of a CSV input.
struct CSVHeader: Hashable, Sendable {
    /// Positions of the columns; nil where the input does not have one.
    var device = 0
    var time = 0
    var point: Int?
    var value: Int?
    var quality: Int?
    var product: Int?
    var type: Int?
    /// The columns of a wide input that are points, with their names.
    var points: [WidePoint] = []
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
    ///   - names: The column names as they stand in the file.
    ///   - path: The file, for errors.
    init(_ names: [String], options: ImportOptions, path: String) throws(ImportError) {
        columnCount = names.count
        var positions: [String: Int] = [:]
        for (index, name) in names.enumerated() {
            guard positions.updateValue(index, forKey: name) == nil else {
                throw .duplicateColumn(path: path, name: name)
            }
        }
        let required = options.isWide ? ["time", "device"] : ["device", "point", "time", "value"]
        let missing = required.filter { positions[$0] == nil }
        guard missing.isEmpty else {
            throw .missingColumns(path: path, names: missing, isWide: options.isWide)
        }
        device = positions["device"] ?? 0
        time = positions["time"] ?? 0
        quality = positions["quality"]
        product = positions["product"]
        // A wide input may have a point of that name.
        let known = Set(required + ["quality", "product"] + (options.isWide ? [] : ["type"]))
        let others = names.enumerated().filter { !known.contains($0.element) }
        if options.isWide {
            points = others.map { WidePoint(column: $0.offset, name: $0.element) }
            guard !points.isEmpty else { throw .missingColumns(path: path, names: ["<point>"], isWide: true) }
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
