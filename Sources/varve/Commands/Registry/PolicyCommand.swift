// PolicyCommand.swift — `varve policy`: what is stored of a product's samples, as what, and which of two values counts.

import ArgumentParser
import VarveFile
import VarveModel
import VarveRegistry
import VarveText

struct PolicyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "policy",
        abstract: "Say what is stored of a product's samples: which points, as what, for how long.",
        discussion: """
            A policy holds for messages and files alike, for what comes from now on; stored samples stay as they are. A \
            running service applies a change to its next message.

            Example:
              varve policy set wind --point power --scale 0.001 --unit kW
              varve policy set wind --point debug --drop
              varve policy set wind --duplicates first
              varve policy show wind --history
            """,
        subcommands: [Set.self, Show.self])
}

extension PolicyCommand {
    struct Set: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Set a part of the policy of a product, for what comes from now on.",
            discussion: """
                --point sets the whole line of a point: what is not named is as without a policy. A number becomes \
                number × scale + offset, and is then brought within --min and --max. --file takes a whole policy, a JSON \
                array as policy show --json prints it in "policy".

                With --duplicates last a later message corrects what is stored; with first what is stored stays, and the \
                row counts as superseded.

                Example:
                  varve policy set wind --point temp --offset 273.15 --unit K --rename temp_k
                  varve policy set wind --point vibration --keep 30d
                  varve policy set wind --others drop
                  varve policy set wind --duplicates first
                """)

        @OptionGroup var data: DataOptions
        @Argument(help: "The productKey.") var product: String
        @Option(help: "last or first: which of two different values is kept.") var duplicates:
            DuplicatePolicy?
        @Option(help: "Set the line of this point, as messages name it.") var point: String?
        @Flag(help: "Its samples are not stored, but counted as skipped.") var drop = false
        @Flag(help: "Remove the line of the point.") var remove = false
        @Option(help: ArgumentHelp("Store it under this name.", valueName: "name")) var rename: String?
        @Option(
            parsing: .unconditional, help: ArgumentHelp("Multiply its values.", valueName: "number"),
            transform: Self.exactNumber)
        var scale: Double?
        @Option(
            parsing: .unconditional, help: ArgumentHelp("Add to its values.", valueName: "number"),
            transform: Self.exactNumber)
        var offset: Double?
        @Option(
            parsing: .unconditional,
            help: ArgumentHelp("The least value; lower ones become it.", valueName: "number"),
            transform: Self.exactNumber)
        var min: Double?
        @Option(
            parsing: .unconditional,
            help: ArgumentHelp("The greatest value; higher ones become it.", valueName: "number"),
            transform: Self.exactNumber)
        var max: Double?
        @Option(help: "The unit of the stored values, to show.") var unit: String?
        @Option(help: ArgumentHelp("How long its samples are kept, or forever.", valueName: "time")) var keep:
            String?
        @Option(help: "event or arrival: from when the age of a sample counts. (default: event)")
        var by: RetentionPeriod.Basis?
        @Option(help: "store or drop: what becomes of points without a line.") var others: Others?
        @Option(help: ArgumentHelp("Take the whole policy from a file; - is stdin.", valueName: "file"))
        var file: String?

        @Sendable private static func exactNumber(_ text: String) throws -> Double {
            guard let number = PointPolicy.exactNumber(text) else {
                throw ValidationError(PointPolicy.inexact(text))
            }
            return number
        }

        enum Others: String, ExpressibleByArgument, CaseIterable {
            case store, drop
        }

        private var hasLineOptions: Bool {
            drop || remove || rename != nil || scale != nil || offset != nil || min != nil || max != nil
                || unit != nil || keep != nil || by != nil
        }

        func validate() throws {
            guard point != nil || !hasLineOptions else {
                throw ValidationError("name the point that this is for: --point")
            }
            guard duplicates != nil || point != nil || others != nil || file != nil else {
                throw ValidationError("say what to set: --point, --others, --file or --duplicates")
            }
            if file != nil, point != nil || others != nil {
                throw ValidationError("--file is a whole policy: leave out --point and --others")
            }
            if remove,
                drop || rename != nil || scale != nil || offset != nil || min != nil || max != nil
                    || unit != nil || keep != nil
            {
                throw ValidationError("--remove takes the line away: leave out what it would say")
            }
            if by != nil, keep == nil || keep == "forever" {
                throw ValidationError("--by belongs to --keep with a time")
            }
            if let keep, keep != "forever", (RetentionPeriod.seconds(keep) ?? 0) < 1 {
                throw ValidationError("--keep: \"\(printable(keep))\" is not a time such as 12h, 90d or 2y")
            }
        }

        /// The line that the options describe.
        private func line(of point: String) -> PointPolicy {
            var line = PointPolicy(point, isStored: !drop, name: rename, unit: unit)
            line.processing = ValueProcessing(
                scale: scale ?? 1, offset: offset ?? 0, minimum: min, maximum: max)
            if keep == "forever" { line.retention = .forever }
            if let seconds = keep.flatMap(RetentionPeriod.seconds) {
                line.retention = .period(RetentionPeriod(seconds: seconds, basis: by ?? .event))
            }
            return line
        }

        func run() throws {
            if let duplicates {
                let changed = try data.changeRegistry { try $0.setDuplicates(duplicates, ofProduct: product) }
                print(
                    "product \(printable(changed.key)) keeps the \(changed.duplicates.name) of different values"
                )
            }
            guard point != nil || others != nil || file != nil else { return }
            let whole = try file.map { try Self.read($0) }
            // Read before the change: every commit up to this one is under the policy before.
            let commit = try data.newestCommit()
            let set = try data.changeRegistry { registry in
                try registry.changePolicy(ofProduct: product, commit: commit) { policy in
                    if let whole { policy = whole }
                    if let others { policy.storesOthers = others == .store }
                    guard let point else { return }
                    guard remove else { return policy.set(line(of: point)) }
                    guard policy.remove(point) else {
                        throw RegistryError(
                            .notFound,
                            "the policy has no line of point \(printable(point)): see varve policy show")
                    }
                }
            }
            print(PolicyText.heading(set))
            for line in point.map({ [set.policy.line(of: $0)].compactMap(\.self) }) ?? set.policy.lines {
                print("  " + PolicyText.text(line))
            }
        }

        private static func read(_ file: String) throws -> ProductPolicy {
            let input: any File =
                file == "-" ? POSIXFile.standardInput() : try POSIXFileSystem().open(file, .read)
            defer { input.close() }
            do {
                return try ProductPolicy(json: try input.readToEnd(limit: Registry.maximumImportBytes))
            } catch let error as RegistryError {
                throw RegistryError(
                    error.code, "\(file == "-" ? "stdin" : printable(file)), \(error.message)")
            }
        }
    }

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show the policy of a product, or of all, or how it came about.",
            discussion: """
                Example:
                  varve policy show wind
                  varve policy show wind --history
                  varve policy show --json
                """)

        @OptionGroup var data: DataOptions
        @Argument(help: "The productKey; without it all.") var product: String?
        @Flag(
            help:
                "Show all versions, the newest first: when each was set, after which commit, and what it says."
        )
        var history = false
        @Flag(help: "Print one JSON object for each product, or for each version.") var json = false

        func run() throws {
            let registry = try data.openRegistry(to: .read)
            let products = try product.map { [try registry.product($0)] } ?? registry.products()
            for product in products {
                if history {
                    for version in try registry.policyHistory(ofProduct: product.key) { show(version) }
                } else {
                    try show(product, registry)
                }
            }
        }

        private func show(_ version: PolicyVersion) {
            if json {
                let fields = [("product", JSONText.string(version.product))] + PolicyText.fields(version)
                return print(JSONText.object(fields).line())
            }
            print(PolicyText.heading(version))
            for line in version.policy.lines { print("  " + PolicyText.text(line)) }
        }

        private func show(_ product: Product, _ registry: Registry) throws {
            let version = try registry.policy(ofProduct: product.key)
            if json {
                var fields: [(String, JSONText)] = [
                    ("product", .string(product.key)), ("duplicates", .string(product.duplicates.name)),
                ]
                if let version { fields += PolicyText.fields(version) }
                return print(JSONText.object(fields).line())
            }
            print(
                "product \(printable(product.key)) keeps the \(product.duplicates.name) of different values")
            guard let version else { return }
            print(PolicyText.heading(version))
            guard !version.policy.lines.isEmpty else { return }
            let units = try registry.model(product.model).points.reduce(into: [Name: String]()) {
                $0[Name($1.id)] = $1.unit
            }
            var table = TextTable(
                ["POINT", "STORED AS", "VALUE", "UNIT", "KEPT"].map { TextTable.Column(title: $0) })
            for line in version.policy.lines {
                table.append([
                    line.point, line.isStored ? line.storedName : nil, PolicyText.change(line),
                    line.isStored ? line.unit ?? units[Name(line.point)] : nil, PolicyText.kept(line),
                ])
            }
            print(table.text(), terminator: "")
        }
    }
}

/// Policies as lines for people, and as members of JSON objects.
private enum PolicyText {
    static func heading(_ version: PolicyVersion) -> String {
        "policy \(version.version) of product \(printable(version.product)), set \(version.created) after commit "
            + "\(version.commit): points without a line are \(version.policy.storesOthers ? "stored" : "not stored")"
    }

    static func text(_ line: PointPolicy) -> String {
        var parts = [
            line.isStored ? "stored" + (line.name.map { " as \(printable($0))" } ?? "") : "not stored"
        ]
        if let change = change(line) { parts.append(change) }
        if let unit = line.unit { parts.append("in \(printable(unit))") }
        if let kept = kept(line) {
            parts.append("kept " + (line.retention == .forever ? kept : "for \(kept)"))
        }
        return "\(printable(line.point)): " + parts.joined(separator: ", ")
    }

    /// What becomes of a number; nil if it stays.
    static func change(_ line: PointPolicy) -> String? {
        let processing = line.processing
        var parts: [String] = []
        if processing.scale != 1 { parts.append("× \(number(processing.scale))") }
        if processing.offset != 0 {
            parts.append((processing.offset < 0 ? "− " : "+ ") + number(abs(processing.offset)))
        }
        var texts = parts.isEmpty ? [] : [parts.joined(separator: " ")]
        switch (processing.minimum, processing.maximum) {
        case (nil, nil): break
        case (let least?, nil): texts.append("at least \(number(least))")
        case (nil, let greatest?): texts.append("at most \(number(greatest))")
        case (let least?, let greatest?): texts.append("from \(number(least)) to \(number(greatest))")
        }
        return texts.isEmpty ? nil : texts.joined(separator: ", ")
    }

    static func kept(_ line: PointPolicy) -> String? {
        switch line.retention {
        case nil: nil
        case .forever: "forever"
        case .period(let period): "\(RetentionPeriod.text(period.seconds)), by \(period.basis.name)"
        }
    }

    private static func number(_ value: Double) -> String { JSONText.double(value).line() }

    static func fields(_ version: PolicyVersion) -> [(String, JSONText)] {
        [
            ("version", .integer(version.version)), ("created", .string("\(version.created)")),
            ("commit", .integer(Int64(clamping: version.commit))),
            ("others", .string(version.policy.storesOthers ? "store" : "drop")),
            ("policy", version.policy.json),
        ]
    }
}
