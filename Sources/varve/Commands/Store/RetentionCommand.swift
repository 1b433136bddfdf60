// RetentionCommand.swift — `varve retention`: how long samples and their older versions are kept.

import ArgumentParser
import VarveModel
import VarveRegistry
import VarveStorage
import VarveText

struct RetentionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retention",
        abstract: "Say how long samples and their older versions are kept.",
        discussion: """
            Without a rule samples are kept forever, and versions that were corrected for 7 days, in which \
            --as-of reads them. A running service applies the rules, at most an hour late; without one, \
            `varve retention apply` and `varve compact` do.

            Example:
              varve retention set --product wind --keep 5y
              varve retention set --history 30d
              varve retention show
            """,
        subcommands: [Set.self, Show.self, Apply.self])
}

extension RetentionCommand {
    struct Set: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Set a rule, or remove it with forever.",
            discussion: """
                A time is a whole number with s, m, h, d, w or y (365 days). The rule of a product comes before \
                that of its model, and what `varve policy set` says about a point before both. By event the age of a sample is that of its time, by arrival that of its import or \
                message.

                Example:
                  varve retention set --model turbine --keep 400d
                  varve retention set --product wind --keep 90d --by arrival
                  varve retention set --product wind --keep forever
                  varve retention set --history 0s
                """)

        @OptionGroup var data: DataOptions
        @Option(help: ArgumentHelp("The productKey whose samples the rule is for.", valueName: "key"))
        var product: String?
        @Option(help: ArgumentHelp("The model whose products it is for.", valueName: "id")) var model: String?
        @Option(help: ArgumentHelp("How long samples are kept, or forever.", valueName: "time")) var keep:
            String?
        @Option(help: "event or arrival: from when the age of a sample counts. (default: event)")
        var by: RetentionPeriod.Basis?
        @Option(
            help: ArgumentHelp(
                "How long versions are kept that were corrected since, in the whole store; 0s keeps none.",
                valueName: "time")) var history: String?

        func validate() throws {
            if history != nil {
                guard product == nil, model == nil, keep == nil else {
                    throw ValidationError("--history is for the whole store: set it by itself")
                }
            } else if (product == nil) == (model == nil) {
                throw ValidationError("name what the rule is for: --product, --model or --history")
            } else if keep == nil {
                throw ValidationError("--keep: say how long, such as 90d, or forever")
            }
            for (option, text) in [("--keep", keep), ("--history", history)] {
                guard let text, text != "forever" || option == "--history" else { continue }
                guard let seconds = RetentionPeriod.seconds(text), seconds > 0 || option == "--history" else {
                    throw ValidationError(
                        "\(option): \"\(printable(text))\" is not a time such as 12h, 90d or 2y")
                }
            }
        }

        func run() throws {
            let scope: RetentionRule.Scope =
                product.map { .product($0) } ?? model.map { .model($0) } ?? .history
            let period = (keep ?? history).flatMap(RetentionPeriod.seconds).map {
                RetentionPeriod(seconds: $0, basis: by ?? .event)
            }
            try data.changeRegistry(history == nil ? .change : .create) { try $0.setRetention(scope, period) }
            print(
                "\(RetentionLine.what(scope)): kept \(period.map { "for \(RetentionLine.time(scope, $0))" } ?? "forever")"
            )
        }
    }

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show the rules.",
            discussion: """
                Example:
                  varve retention show --json
                """)

        @OptionGroup var data: DataOptions
        @Flag(help: "Print one JSON object for each rule.") var json = false

        func run() throws {
            let registry = try data.openRegistry(to: .read)
            var rules = try registry.retentionRules().filter { $0.scope != .history }
            let history = RetentionPeriod(seconds: try registry.historySeconds())
            rules.insert(RetentionRule(scope: .history, period: history), at: 0)
            for rule in rules {
                print(json ? RetentionLine.json(rule) : RetentionLine.text(rule))
            }
            let points = try registry.productRetentions().sorted { $0.key < $1.key }.flatMap {
                product, retention in
                retention.points.sorted { $0.key < $1.key }.map {
                    (product.text, $0.key.text, $0.value?.period)
                }
            }
            for (product, point, period) in points {
                print(
                    json
                        ? RetentionLine.json(product, point, period)
                        : RetentionLine.text(product, point, period))
            }
            if !json, rules.count == 1, points.isEmpty { print("samples: kept forever") }
        }
    }

    struct Apply: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Let go now of what is older than the rules say.",
            discussion: """
                Reads no longer show it. Segments that have nothing else are removed; from others it is erased when \
                they are next merged, at the latest a day later or by varve compact --wait.

                Example:
                  varve retention apply
                """)

        @OptionGroup var data: DataOptions

        func run() throws {
            if try RunningService.connect(data) != nil {
                return print("the running service does this by itself, within an hour")
            }
            let rules = try data.openRegistry(to: .read).productRetentions()
            let store = try data.openStore(to: .change)
            defer { try? store.close() }
            let report = try store.expire(rules)
            try store.close()
            let samples = ImportSummary.grouped(report.samples)
            print("let go of \(samples) samples of \(report.series) series")
        }
    }
}

/// A retention rule as a line for people.
private enum RetentionLine {
    static func text(_ rule: RetentionRule) -> String {
        "\(what(rule.scope)): kept for \(time(rule.scope, rule.period))"
    }

    static func what(_ scope: RetentionRule.Scope) -> String {
        switch scope {
        case .history: "corrected versions"
        case .model(let id): "samples of model \(printable(id))"
        case .product(let key): "samples of product \(printable(key))"
        }
    }

    static func time(_ scope: RetentionRule.Scope, _ period: RetentionPeriod) -> String {
        let length = RetentionPeriod.text(period.seconds)
        return scope == .history ? length : "\(length), by \(period.basis.name)"
    }

    static func text(_ product: String, _ point: String, _ period: RetentionPeriod?) -> String {
        let length = period.map { "for " + time(.product(product), $0) } ?? "forever"
        return "samples of point \(printable(point)) of product \(printable(product)): kept \(length)"
    }

    /// The rule of a point; without a number of seconds it is kept forever.
    static func json(_ product: String, _ point: String, _ period: RetentionPeriod?) -> String {
        let fields: [(String, JSONText)] = [
            ("scope", .string("point")), ("name", .string(point)), ("product", .string(product)),
            ("seconds", period.map { .integer($0.seconds) } ?? .null),
            ("by", .optional(period?.basis.name)),
        ]
        return JSONText.object(fields).line()
    }

    static func json(_ rule: RetentionRule) -> String {
        let (kind, name): (String, String?) =
            switch rule.scope {
            case .history: ("history", nil)
            case .model(let id): ("model", id)
            case .product(let key): ("product", key)
            }
        let fields: [(String, JSONText)] = [
            ("scope", .string(kind)), ("name", .optional(name)), ("seconds", .integer(rule.period.seconds)),
            ("by", .optional(rule.scope == .history ? nil : rule.period.basis.name)),
        ]
        return JSONText.object(fields).line()
    }
}
