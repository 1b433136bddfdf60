// RegistryImport.swift — what `model import`, `product import` and `device import` share.

import ArgumentParser
import VarveFile
import VarveRegistry
import VarveText

/// The options of an import into the registry, and its run.
struct RegistryImport: ParsableArguments {
    @OptionGroup var data: DataOptions

    @Argument(help: "A CSV file with a header, or JSON as list --json prints; - is stdin.")
    var file: String

    /// Reads the file, creates what it describes and prints how much that was.
    ///
    /// - Throws: `FileError` if the file cannot be read, `RegistryError` if it cannot be applied; `ExitCode` if rows were
    ///   rejected.
    func run(_ kind: ImportKind, noun: String, rules: ImportRules = ImportRules()) throws {
        let bytes = try readInput()
        // A registry is made only when the file can start one: products and devices need a model.
        let outcome = try data.changeRegistry(kind == .models ? .create : .change) { registry in
            try registry.importRows(
                kind, from: bytes, named: name, rules: rules, isTimeZone: SystemZones.isKnown)
        }
        print(Self.summary(outcome, kind, noun: noun))
        for note in outcome.notes { print(note) }
        guard rules.rejects else { return }
        try writeRejected(outcome.rejected, kind)
    }

    private var name: String { file == "-" ? "stdin" : file }

    /// Writes the rejected rows beside the file; without any, removes the file of an earlier import.
    private func writeRejected(_ rows: [RejectedImportRow], _ kind: ImportKind) throws {
        let files = POSIXFileSystem()
        let path = name + ".rejected.csv"
        guard let first = rows.first else {
            if file != "-" { try files.remove(path) }
            return
        }
        let header = kind.columnNames.joined(separator: ",")
        var bytes = Array("# varve rejected rows 1\n#rows,csv,\"\(header)\"\nline,reason,row\n".utf8)
        for row in rows {
            var text: [UInt8] = []
            for (index, field) in row.fields.enumerated() {
                if index > 0 { text.append(UInt8(ascii: ",")) }
                if !field.isEmpty { CSVText.append(field, to: &text) }
            }
            bytes += "\(row.line),".utf8
            CSVText.append(row.reason, to: &bytes)
            bytes.append(UInt8(ascii: ","))
            text.withUnsafeBufferPointer { CSVText.appendQuoted($0, to: &bytes) }
            bytes.append(UInt8(ascii: "\n"))
        }
        // The rows may have secrets.
        try bytes.withUnsafeBytes { try files.replacePrivately(path, $0) }
        var errors = StandardErrors()
        print("varve: \(printable(name)), line \(first.line): \(first.reason)", to: &errors)
        print("rejected " + Self.counted(rows.count, "row") + ", see \(printable(path))")
        throw ExitCode(3)
    }

    private func readInput() throws -> [UInt8] {
        let input: any File =
            file == "-" ? POSIXFile.standardInput() : try POSIXFileSystem().open(file, .read)
        defer { input.close() }
        return try input.readToEnd(limit: Registry.maximumImportBytes)
    }

    static func summary(_ outcome: ImportOutcome, _ kind: ImportKind, noun: String) -> String {
        var text = "created " + counted(outcome.created, noun)
        if kind == .models { text += " and " + counted(outcome.points, "point") }
        if outcome.changed > 0 {
            text += "; changed " + counted(outcome.changed, kind == .models ? "point" : noun)
        }
        if outcome.unchanged > 0 {
            text += "; " + counted(outcome.unchanged, "row") + " described what exists"
        }
        return text
    }

    private static func counted(_ count: Int, _ noun: String) -> String {
        "\(count) \(noun)" + (count == 1 ? "" : "s")
    }
}
