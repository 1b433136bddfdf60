// ScriptCommand.swift — `varve script`: the parsing scripts of products with custom payloads, and their versions.

import ArgumentParser
import VarveFile
import VarvePlatform
import VarveRegistry
import VarveScript
import VarveText

struct ScriptCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "script",
        abstract: "Set and try the scripts that turn custom payloads into JSON.",
        discussion: """
            Example:
              varve script test --script decoder.js --payload 0100000014
              varve script set meters decoder.js
              varve script history meters
            """,
        subcommands: [Test.self, Set.self, Show.self, History.self, Rollback.self])
}

extension ScriptCommand {
    struct Set: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a file the script of a product.",
            discussion: """
                The script must be JavaScript with a function rawDataToJsonStr, and run to its end. With --payload it \
                must also decode that payload. Otherwise the script that was there stays.

                Example:
                  varve script set meters decoder.js --payload 0100000014
                """)

        @OptionGroup var data: DataOptions
        @Argument(help: "The productKey.") var product: String
        @Argument(help: "The file of the script.") var file: String
        @Option(
            help: ArgumentHelp("A payload that must be decoded: hex digits or a file.", valueName: "hex|file")
        )
        var payload: String?

        func run() throws {
            let trial = try ScriptTrial(product: product, text: ScriptTrial.text(ofFile: file))
            if let payload { _ = try trial.decode(ScriptTrial.payload(payload)) } else { try trial.check() }
            let set = try data.changeRegistry { try $0.setScript(trial.text, ofProduct: product) }
            print(
                "script of product \(printable(product)): version \(set.version), \(set.text.utf8.count) bytes"
            )
        }
    }

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print the script of a product.",
            discussion: """
                Example:
                  varve script show meters --version 2 > decoder.js
                """)

        @OptionGroup var data: DataOptions
        @Argument(help: "The productKey.") var product: String
        @Option(help: ArgumentHelp("A version of it; else the one in use.", valueName: "number")) var version:
            Int64?
        @Flag(help: "Print JSON.") var json = false

        func run() throws {
            let script = try data.script(of: product, version: version)
            if json { return print(ScriptRow(script: script).jsonWithText.line()) }
            print(script.text, terminator: script.text.hasSuffix("\n") ? "" : "\n")
        }
    }

    struct History: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the versions of a product's script, the newest first.",
            discussion: """
                The newest is in use. The last \(Registry.keptScripts) are kept.

                Example:
                  varve script history meters
                """)

        @OptionGroup var data: DataOptions
        @Argument(help: "The productKey.") var product: String
        @Flag(help: "Print JSON.") var json = false

        func run() throws {
            let scripts = try data.openRegistry(to: .read).scripts(ofProduct: product)
            ScriptRow.list(scripts.map { ScriptRow(script: $0) }, asJSON: json)
        }
    }

    struct Rollback: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make an older version the script of a product again.",
            discussion: """
                It becomes a new version; none is lost.

                Example:
                  varve script rollback meters --to 2
                """)

        @OptionGroup var data: DataOptions
        @Argument(help: "The productKey.") var product: String
        @Option(help: ArgumentHelp("The version; else the one before the last.", valueName: "number")) var to:
            Int64?

        func run() throws {
            let set = try data.changeRegistry { try $0.restoreScript(ofProduct: product, version: to) }
            let isNew = to != set.version
            let origin =
                isNew ? ", again version \(set.restores ?? set.version)" : ", which is in use already"
            print("script of product \(printable(product)): version \(set.version)\(origin)")
        }
    }
}

extension DataOptions {
    /// The script of a product, or one of its versions.
    ///
    /// - Throws: `RegistryError` if the product has no script, or not this version.
    func script(of product: String, version: Int64? = nil) throws -> ScriptVersion {
        if let script = try openRegistry(to: .read).script(ofProduct: product, version: version) {
            return script
        }
        let missing = version.map { "version \($0) of its script: see varve script history" }
        throw RegistryError(
            .notFound,
            "product \"\(printable(product))\" has no \(missing ?? "script: set one with varve script set")")
    }
}
