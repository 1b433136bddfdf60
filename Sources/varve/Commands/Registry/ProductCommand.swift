// ProductCommand.swift — `varve product`: products, whose devices share a model, a secret and a format.

import ArgumentParser
import VarveModel
import VarveRegistry

struct ProductCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "product",
        abstract: "Define products: devices of one model that send in one format.",
        discussion: """
            Example:
              varve product create wind --model turbine
              varve product show wind
            """,
        subcommands: [
            Create.self, List.self, Show.self, Set.self, RotateSecret.self, Delete.self, Import.self,
        ])
}

extension ProductCommand {
    struct Create: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a product of a model.",
            discussion: """
                Example:
                  varve product create wind --model turbine --name "Wind farm" --duplicates last
                """)

        @OptionGroup var data: DataOptions
        @Argument(help: "The productKey of the new product.") var key: String
        @Option(help: ArgumentHelp("The id of its model.", valueName: "id")) var model: String
        @Option(help: "The productSecret; one is made if it is left out.") var secret: String?
        @Option(help: "The form of its messages.") var format: PayloadFormat = .json
        @Option(help: "A name for people.") var name: String?
        @Option(
            help: ArgumentHelp(
                "Which of two different values at the same time is kept: last (default) or first.",
                valueName: "policy"))
        var duplicates: DuplicatePolicy?

        func run() throws {
            let product = Product(
                key: key, model: model, name: name, secret: secret, format: format,
                duplicates: duplicates ?? .last)
            try data.changeRegistry { try $0.create(product) }
            print("created product \(key) of model \(model), secret \(product.secret)")
        }
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the products.",
            discussion: """
                Example:
                  varve product list --json > products.json
                """)

        @OptionGroup var data: DataOptions
        @Flag(help: "Print JSON with the secrets, as product import reads it.") var json = false

        func run() throws {
            Product.list(try data.listedRegistry().products(), asJSON: json)
        }
    }

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show a product with its secret.",
            discussion: """
                Example:
                  varve product show wind --json
                """)

        @OptionGroup var data: DataOptions
        @Argument(help: "The productKey.") var key: String
        @Flag(help: "Print JSON.") var json = false

        func run() throws {
            try data.listedRegistry().product(key).show(asJSON: json)
        }
    }

    struct Set: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Say how the messages of a product are read.",
            discussion: """
                With numeric texts on, a text such as "1.02" is taken as the number in it, for points with numbers.

                Example:
                  varve product set wind --numeric-texts on
                """)

        @OptionGroup var data: DataOptions
        @Argument(help: "The productKey.") var key: String
        @Option(help: "on or off.") var numericTexts: OnOff

        func run() throws {
            try data.changeRegistry { try $0.setNumericTexts(numericTexts == .on, ofProduct: key) }
            print("product \(printable(key)) \(numericTexts == .on ? "takes" : "refuses") texts as numbers")
        }
    }

    struct RotateSecret: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "rotate-secret",
            abstract: "Give a product a new secret; the one before stays valid for a time.",
            discussion: """
                Only the last secret before stays valid. --keep 0s ends it at once, also that of an earlier rotation.

                Example:
                  varve product rotate-secret wind --keep 7d
                """)

        @OptionGroup var data: DataOptions
        @Argument(help: "The productKey.") var key: String
        @OptionGroup var overlap: OverlapOptions

        func run() throws {
            let product = try data.changeRegistry {
                try $0.rotateSecret(ofProduct: key, overlap: overlap.seconds())
            }
            print("new secret of product \(printable(key)): \(product.secret)")
            OverlapOptions.tell(product.previousSecret, "secret")
        }
    }

    struct Delete: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Delete a product that has no devices and no stored samples.",
            discussion: """
                --keep-data deletes it although the store has samples of it, which stay.

                Example:
                  varve product delete wind
                """)

        @OptionGroup var data: DataOptions
        @Argument(help: "The productKey.") var key: String
        @Flag(help: "Delete it although the store has samples of it.") var keepData = false

        func run() throws {
            let stored = try data.storedSamples(product: key)
            if stored > 0, !keepData, try data.openRegistry(to: .read).devices(product: key).isEmpty {
                throw HeldData(what: "product \(printable(key))", samples: stored)
            }
            try data.changeRegistry { try $0.deleteProduct(key) }
            print(
                "deleted product \(printable(key))" + (stored > 0 ? "; its history stays in the store" : ""))
        }
    }

    struct Import: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make products from a CSV or JSON file, all or nothing.",
            discussion: """
                CSV columns: product,model and optionally secret,format,name,duplicates,numericTexts,\
                previousSecret,previousUntil.

                Example:
                  varve product import products.csv
                """)

        @OptionGroup var options: RegistryImport

        func run() throws {
            try options.run(.products, noun: "product")
        }
    }
}
