// ModelChange.swift — `varve model change`: gives a point another type and converts its stored values.
//
// Invariants:
// - The store is changed before the registry, so running the same command again finishes an interrupted change.

import ArgumentParser
import VarveControl
import VarveModel
import VarveRegistry
import VarveStorage
import VarveText

extension ModelCommand {
    struct Change: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Give a point another type, and rewrite its values.",
            discussion: """
                The values of all devices whose product has the model change in one commit, or none does. A value that \
                does not fit the new type refuses the change, unless --missing names it or --drop-unfit deletes it; \
                --dry-run counts first. Samples keep their time and quality; one whose value --missing names, or whose text is empty or null, loses it, and is deleted \
                if it has no quality. States before the change cannot be read \
                for this point any more, and a file or message that was taken in before and comes again is applied \
                again. Works beside a running service too, whose messages wait meanwhile.

                Examples:
                  varve model change turbine --point temp:double --missing "No Data,Bad" --dry-run
                  varve model change turbine --point temp:double --missing "No Data,Bad"
                """)

        @OptionGroup var data: DataOptions
        @Argument(help: "The id of the model.") var id: String
        @Option(
            help: ArgumentHelp(
                "The point and its new type: double, int64, bool, string or json, or a type of EnOS such as INT.",
                valueName: "name:type"),
            transform: MeasurementPoint.init(spec:))
        var point: MeasurementPoint
        @Option(
            parsing: .unconditionalSingleValue,
            help: ArgumentHelp(
                "Values that mean that there is no reading, with commas between them; as in varve import. Repeatable.",
                valueName: "list"))
        var missing: [String] = []
        @Flag(help: "Delete the samples whose values do not fit.") var dropUnfit = false
        @Flag(help: "Count what would become of the values, and change nothing.") var dryRun = false
        @Flag(help: "Print one JSON object.") var json = false
        @Flag(help: "Show no progress.") var quiet = false

        func validate() throws {
            try ReadOptions.checkMissing(missing)
            if point.hasQuality || point.unit != nil {
                throw ValidationError("--point takes NAME:TYPE here: quality and unit stay as they are")
            }
            for list in try missingLists() where MissingWords(list: list) == nil {
                throw ValidationError("--missing \"\(list)\" has no word")
            }
        }

        /// The lists of `--missing` without the point's name, which may precede a list as in an import.
        private func missingLists() throws -> [String] {
            try missing.map { text in
                let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                guard parts.count == 2 else { return text }
                guard parts[0].isEmpty || parts[0].utf8.elementsEqual(point.id.utf8) else {
                    throw ValidationError(
                        "--missing: \(parts[0]) is not the point \(point.id); a word with an equals sign is written =WORD"
                    )
                }
                return String(parts[1])
            }
        }

        func run() throws {
            let registry = try data.openRegistry(to: dryRun ? .read : .change)
            let model = try registry.model(id)
            guard let old = model.points.first(where: { $0.id.utf8.elementsEqual(point.id.utf8) }) else {
                throw RegistryError(
                    .notFound,
                    "model \(printable(id)) has no point \(printable(point.id)): see its points with varve model show"
                )
            }
            if dryRun { return show(try assess(registry), from: old.type) }
            let client = try RunningService.connect(data)
            // The user sees what is going to be deleted before it is.
            if dropUnfit { _ = try assess(registry) }
            let line = quiet ? nil : ProgressLine("changing")
            let counts = try change(registry, client) {
                line?.show(fraction: nil, count: $0, unit: "samples")
            }
            line?.end()
            show(counts, from: old.type)
        }

        /// What the change would do to the stored values; values that do not fit go to standard error.
        ///
        /// Cost: reads the samples of the point.
        private func assess(_ registry: Registry) throws -> RetypingReport {
            guard try Store.exists(data.path) else { return RetypingReport() }
            let report = try data.openStore(to: .read).snapshot().assessRetyping(
                retyping(registry.products(ofModel: id, withPoint: point.id)))
            if report.unfit > 0 { printUnfit(report) }
            return report
        }

        private func printUnfit(_ report: RetypingReport) {
            var errors = StandardErrors()
            let first = report.examples.map {
                "\"\(printable($0.text))\" at \($0.time) of device \(printable($0.key.device))"
            }
            let verb = dropUnfit ? dryRun ? "would be deleted" : "are to be deleted" : "do not fit"
            print(
                "varve: \(ImportSummary.grouped(report.unfit)) values \(dropUnfit ? "do not fit and " : "")\(verb), "
                    + "such as \(first.joined(separator: ", "))",
                to: &errors)
        }

        private func change(
            _ registry: Registry, _ client: ControlClient?, _ progress: (UInt64) -> Void
        ) throws -> RetypingReport {
            if let client {
                return try client.changeType(
                    TypeChange(
                        model: id, point: point.id, type: point.type, rule: point.rule.map(RuleText.text),
                        missing: try missingLists(), dropsUnfit: dropUnfit),
                    progress)
            }
            guard try Store.exists(data.path) else {
                return try registry.changeType(
                    ofPoint: point.id, inModel: id, to: point.type, rule: point.rule
                ) { _ in RetypingReport() }
            }
            let store = try data.openStore(to: .change)
            defer { try? store.close() }
            let counts = try registry.changeType(
                ofPoint: point.id, inModel: id, to: point.type, rule: point.rule
            ) {
                try store.retype(retyping($0), progress: progress)
            }
            try store.close()
            return counts
        }

        private func retyping(_ products: [String]) throws -> Retyping {
            Retyping(
                products: products, point: point.id, to: point.type,
                missing: MissingWords(lists: try missingLists()),
                dropsUnfit: dropUnfit)
        }

        private func show(_ counts: RetypingReport, from old: ValueType) {
            if json { return print(object(counts, from: old).line()) }
            let grouped = ImportSummary.grouped
            let name = "point \(printable(point.id)) of model \(printable(id))"
            guard counts.series > 0 else {
                let isSame = old == point.type
                return print(
                    "\(name) \(isSame ? "is" : dryRun ? "would be" : "is now") \(point.type.name)\(isSame ? " already" : "")"
                        + ": no stored value had to change"
                        + (isSame && !missing.isEmpty ? "; --missing is for a change to another type" : ""))
            }
            var parts = ["\(grouped(counts.converted)) converted"]
            if counts.missing > 0 { parts.append("\(grouped(counts.missing)) without a value now") }
            if counts.skipped > 0 { parts.append("\(grouped(counts.skipped)) without a reading deleted") }
            if counts.unfit > 0 {
                parts.append(
                    "\(grouped(counts.unfit)) \(dropUnfit ? "that do not fit deleted" : "that do not fit")")
            }
            let what =
                "\(name) \(dryRun ? "would be" : "is now") \(point.type.name): \(grouped(counts.samples)) samples of "
                + "\(grouped(UInt64(counts.series))) series, \(parts.joined(separator: ", "))"
            print(dryRun ? what : "\(what), in commit \(counts.commit)")
            if dryRun, counts.unfit > 0, !dropUnfit {
                print("the change is refused like this: \(TypeChange.remedyForUnfit)")
            }
        }

        private func object(_ counts: RetypingReport, from old: ValueType) -> JSONText {
            func number(_ count: UInt64) -> JSONText { .integer(Int64(count)) }
            return .object([
                ("model", .string(id)), ("point", .string(point.id)), ("from", .string(old.name)),
                ("to", .string(point.type.name)), ("series", number(UInt64(counts.series))),
                ("samples", number(counts.samples)), ("converted", number(counts.converted)),
                ("missing", number(counts.missing)), ("skipped", number(counts.skipped)),
                ("unfit", number(counts.unfit)), ("commit", number(counts.commit)), ("dryRun", .bool(dryRun)),
            ])
        }
    }
}
