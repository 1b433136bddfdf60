// ImportRows.swift — reads a CSV or JSON file as rows with named fields.
//
// A JSON file is an array of objects as `list --json` prints them. Each element of a model's arrays `points`, `events`
// and `attributes` becomes a row, so both forms give the same rows.
//
// Invariants:
// - A field that is absent, null or empty is nil.
// - A column or member that the kind does not have is an error, so a misspelt name is noticed.

import VarveText

/// One row of a file to import.
struct ImportRow {
    /// `FILE:LINE`, for messages.
    var place: String
    /// The line on which it begins, counted from 1.
    var line: Int
    private var values: [String: String] = [:]

    init(source: String, line: Int) {
        place = "\(source):\(line)"
        self.line = line
    }

    subscript(name: String) -> String? {
        get { values[name] }
        set { values[name] = newValue == "" ? nil : newValue }
    }

    /// The value of a required field.
    ///
    /// - Throws: `RegistryError` (`malformedInput`) if the field is absent.
    func require(_ name: String) throws -> String {
        guard let value = values[name] else {
            throw RegistryError(.malformedInput, "\(name) is missing: fill it in")
        }
        return value
    }

    /// The truth value of a field; nil if the field is absent.
    ///
    /// - Throws: `RegistryError` (`malformedInput`) for any other value.
    func flag(_ name: String) throws -> Bool? {
        switch values[name] {
        case nil: return nil
        case "true", "1": return true
        case "false", "0": return false
        case let other?:
            throw RegistryError(
                .malformedInput, "\(name) is \(RegistryNames.shown(other)): write true or false")
        }
    }
}

extension RegistryError {
    /// Whether another row could still be taken.
    fileprivate var isAboutRow: Bool {
        switch code {
        case .damaged, .busy, .readOnly, .unavailable: false
        default: true
        }
    }
}

/// Reads the rows of a file.
struct ImportRows {
    let kind: ImportKind
    let source: String
    /// What becomes of a row that `body` refuses; nil to end the import with the error.
    var onReject: ((ImportRow, RegistryError) -> Void)?

    /// Calls `body` with each row, in file order; a `RegistryError` from `body` gets the row's place in front.
    ///
    /// - Throws: `RegistryError` (`malformedInput`) if the file cannot be read, and what `body` throws.
    func forEach(in bytes: [UInt8], _ body: (ImportRow) throws -> Void) throws {
        func located(_ row: ImportRow) throws {
            do {
                try body(row)
            } catch let error as RegistryError {
                if let onReject, error.isAboutRow { return onReject(row, error) }
                throw error.at(row.place)
            }
        }
        if isJSON(bytes) {
            do {
                try JSONElements.forEach(in: bytes) { element in
                    for row in try rows(of: element) { try located(row) }
                }
            } catch let failure as JSONElements.Failure {
                throw RegistryError(.malformedInput, "\(source):\(failure.line): \(failure.reason)")
            }
        } else {
            try forEachCSVRow(in: bytes, located)
        }
    }

    /// Whether the file is JSON, by its name's extension, else by its first byte that is not white space.
    private func isJSON(_ bytes: [UInt8]) -> Bool {
        let name = source.lowercased()
        if name.hasSuffix(".json") { return true }
        if name.hasSuffix(".csv") { return false }
        let first = bytes.drop { [0xEF, 0xBB, 0xBF, 0x20, 0x09, 0x0D, 0x0A].contains($0) }.first
        return first == UInt8(ascii: "[") || first == UInt8(ascii: "{")
    }

    private func forEachCSVRow(in bytes: [UInt8], _ body: (ImportRow) throws -> Void) throws {
        var records = CSVRecords(bytes)
        func next() throws -> CSVRecords.Record? {
            do throws(CSVRecords.Failure) {
                return try records.next()
            } catch {
                throw RegistryError(
                    .malformedInput, "\(source):\(error.line): the line \(error.reason)")
            }
        }
        guard let header = try next() else {
            throw RegistryError(
                .malformedInput, "\(source) is empty: begin with \(kind.columns.joined(separator: ","))")
        }
        let place = "\(source):\(header.line)"
        try demandCommas(header.fields, place: place)
        for (index, name) in header.fields.enumerated() {
            try checkColumn(name, among: kind.columns, place: place)
            guard !header.fields[..<index].contains(name) else {
                throw RegistryError(.malformedInput, "\(place): column \(name) is there twice: keep one")
            }
        }
        for name in kind.required where !header.fields.contains(name) {
            throw RegistryError(.malformedInput, "\(place): column \(name) is missing: add it")
        }
        while let record = try next() {
            var row = ImportRow(source: source, line: record.line)
            for (name, value) in zip(header.fields, record.fields) { row[name] = value }
            guard record.fields.count == header.fields.count else {
                let error = RegistryError(
                    .malformedInput,
                    "the line has \(record.fields.count) fields and the header "
                        + "\(header.fields.count): make them equal")
                guard let onReject else { throw error.at(row.place) }
                onReject(row, error)
                continue
            }
            try body(row)
        }
    }

    /// Throws if the header is one column because something other than commas separates its names.
    private func demandCommas(_ fields: [String], place: String) throws {
        guard fields.count == 1, let line = fields.first else { return }
        for (delimiter, name) in [(";", "semicolons"), ("\t", "tabs"), ("|", "bars")] {
            let columns = line.split(separator: delimiter, omittingEmptySubsequences: false).map(String.init)
            guard columns.count > 1, columns.contains(where: kind.columns.contains) else { continue }
            throw RegistryError(
                .malformedInput,
                "\(place): the header has \(columns.count) columns separated by \(name) where commas are read: "
                    + "separate the fields by commas")
        }
    }

    private func rows(of element: JSONValue) throws -> [ImportRow] {
        let place = "\(source):\(element.line)"
        guard case .object(let members) = element.content else {
            throw RegistryError(.malformedInput, "\(place): an element is no object: write {…}")
        }
        var row = ImportRow(source: source, line: element.line)
        var parts: [(index: Int, element: JSONValue)] = []
        for (name, value) in members {
            if kind == .models, let index = ImportKind.modelParts.firstIndex(where: { $0.name == name }) {
                guard case .array(let values) = value.content else {
                    throw RegistryError(.malformedInput, "\(place): \(name) is no array: write [{…}, …]")
                }
                parts += values.map { (index, $0) }
            } else {
                try set(name, to: value, in: &row, among: kind.members)
            }
        }
        guard !parts.isEmpty else { return [row] }
        return try parts.map { try partRow($0.element, ImportKind.modelParts[$0.index], of: row) }
    }

    /// The row of a point, event or attribute.
    private func partRow(
        _ element: JSONValue, _ part: (name: String, kind: String, members: [String]), of model: ImportRow
    ) throws -> ImportRow {
        var row = model
        row.place = "\(source):\(element.line)"
        row.line = element.line
        guard case .object(let members) = element.content else {
            throw RegistryError(
                .malformedInput, "\(row.place): \(part.name) has an element that is no object: write {…}")
        }
        for (name, value) in members { try set(name, to: value, in: &row, among: part.members) }
        if part.kind != "point" {
            row["point"] = row[part.kind]
            row[part.kind] = nil
            row["kind"] = part.kind
        }
        return row
    }

    private func set(
        _ name: String, to value: JSONValue, in row: inout ImportRow, among members: [String]
    ) throws {
        try checkColumn(name, among: members, place: "\(source):\(value.line)")
        guard row[name] == nil else {
            throw RegistryError(.malformedInput, "\(source):\(value.line): \(name) is there twice: keep one")
        }
        switch value.content {
        case .null: break
        case .bool(let flag): row[name] = flag ? "true" : "false"
        case .string(let text): row[name] = text
        case .number, .array, .object:
            throw RegistryError(
                .malformedInput, "\(source):\(value.line): \(name) is no text: write it in quotes")
        }
    }

    private func checkColumn(_ name: String, among columns: [String], place: String) throws {
        guard columns.contains(name) else {
            throw RegistryError(
                .malformedInput,
                "\(place): unknown column \(RegistryNames.shown(name)): use "
                    + columns.joined(separator: ", "))
        }
    }
}
