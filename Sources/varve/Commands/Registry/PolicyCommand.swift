// PolicyCommand.swift — `varve policy`: which of two different values at the same time a product keeps.

import ArgumentParser
import VarveModel
import VarveRegistry
import VarveText

struct PolicyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "policy",
        abstract: "Say which of two different values at the same time a product keeps.",
        discussion: """
            Example:
              varve policy set wind --duplicates first
              varve policy show wind
            """,
        subcommands: [Set.self, Show.self])
}

extension PolicyCommand {
    struct Set: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Set the policy of a product, for what comes from now on.",
            discussion: """
                With last a later message corrects what is stored; with first what is stored stays, and the row counts \
                as superseded. A running service applies the change to its next message.

                Example:
                  varve policy set wind --duplicates first
                """)

        @OptionGroup var data: DataOptions
        @Argument(help: "The productKey.") var product: String
        @Option(help: "last or first: which of two different values is kept.") var duplicates: DuplicatePolicy

        func run() throws {
            let changed = try data.changeRegistry { try $0.setDuplicates(duplicates, ofProduct: product) }
            print(
                "product \(printable(changed.key)) keeps the \(changed.duplicates.name) of different values")
        }
    }

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show the policy of a product, or of all.",
            discussion: """
                Example:
                  varve policy show --json
                """)

        @OptionGroup var data: DataOptions
        @Argument(help: "The productKey; without it all.") var product: String?
        @Flag(help: "Print one JSON object for each product.") var json = false

        func run() throws {
            let registry = try data.openRegistry(to: .read)
            let products = try product.map { [try registry.product($0)] } ?? registry.products()
            for product in products {
                let fields: [(String, JSONText)] = [
                    ("product", .string(product.key)), ("duplicates", .string(product.duplicates.name)),
                ]
                print(
                    json
                        ? JSONText.object(fields).line()
                        : "product \(product.key) keeps the \(product.duplicates.name) of different values")
            }
        }
    }
}
