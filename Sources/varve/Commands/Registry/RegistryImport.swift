// RegistryImport.swift — what `model import`, `product import` and `device import` share.

import ArgumentParser
import VarveFile
import VarveRegistry

/// The options of an import into the registry, and its run.
struct RegistryImport: ParsableArguments {
    @OptionGroup var data: DataOptions

    @Argument(help: "A CSV file with a header, or JSON as list --json prints; - is stdin.")
    var file: String

    /// Reads the file, creates what it describes and prints how much that was.
    ///
    /// - Throws: `FileError` if the file cannot be read, `RegistryError` if it cannot be applied.
    func run(_ kind: ImportKind, noun: String) throws {
        let bytes = try readInput()
        // A registry is made only when the file can start one: products and devices need a model.
        let outcome = try data.changeRegistry(kind == .models ? .create : .change) { registry in
            try registry.importRows(
                kind, from: bytes, named: file == "-" ? "stdin" : file, isTimeZone: SystemZones.isKnown)
        }
        print(Self.summary(outcome, kind, noun: noun))
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
        if outcome.unchanged > 0 {
            text += "; " + counted(outcome.unchanged, "row") + " described what exists"
        }
        return text
    }

    private static func counted(_ count: Int, _ noun: String) -> String {
        "\(count) \(noun)" + (count == 1 ? "" : "s")
    }
}
