// ReadOptions.swift — the options that say how files of rows are read.
//
// Invariants:
// - `import`, `digest` and `publish` share these options, so all three read a file in the same way.

import ArgumentParser
import VarveModel
import VarveTransfer

/// The option `--format` as the format of the input, for commands whose output has no `--format`.
struct InputFormatOption: ParsableArguments {
    @Option(help: "The file format: auto, csv or ndjson.") var format: InputFormat = .auto
}

/// The options of reading files.
struct ReadOptions: ParsableArguments {
    @Flag(help: "Columns of a CSV file are points: time,device,<point>,<point>…") var wide = false
    @Flag(
        help:
            "Pass over CSV columns that mean nothing here; with --wide those that are not points of the model."
    )
    var ignoreColumns = false
    @Option(help: "The encoding of the text: utf-8, latin-1, windows-1252 or utf-16.")
    var encoding: TextEncoding = .utf8
    @Option(help: "The unit of times that are numbers: s, ms, us or ns; else found from all rows.")
    var timeUnit: TimeUnit?
    // Unconditional, so that values such as -03:30 are not taken for options.
    @Option(
        parsing: .unconditional,
        help: """
            The zone of times without offset: Europe/Paris, +01:00, UTC+1. (default: the zone of the device, else UTC)
            """)
    var tz: String?
    @Option(help: ArgumentHelp("The column that names the zone of each row's time.", valueName: "column"))
    var tzColumn: String?
    @Option(
        help: """
            Rows of a local hour that comes twice: order (the order of the rows says which pass they belong to), first, second \
            or reject.
            """)
    var repeatedHour: RepeatedHour = .order
    @Option(help: "Rows of a local hour that does not exist: reject, or shift (taken as the hour after it).")
    var missingHour: MissingHour = .reject
    @Option(
        parsing: .unconditionalSingleValue,
        help: ArgumentHelp(
            """
            Words and numbers that are not readings, between commas, for all points or as POINT=LIST for one. \
            Repeatable.
            """, valueName: "list"))
    var missing: [String] = []

    func validate() throws {
        do { _ = try localTimes() } catch { throw ValidationError("--tz: \(error)") }
        _ = try missingReadings()
    }

    /// Sets the fields that these options give.
    ///
    /// - Throws: `SystemZones.Failure` for an unknown zone, `ValidationError` for a bad `--missing`.
    func apply(to options: inout ImportOptions) throws {
        options.isWide = wide
        options.ignoresColumns = ignoreColumns
        options.encoding = encoding
        options.timeUnit = timeUnit
        options.local = try localTimes()
        options.missing = try missingReadings()
    }

    /// The given options about the form of files, as the list that a file of rejected rows carries (see `FileTerms`).
    func givenOptions(product: String?, format: InputFormat = .auto) -> [GivenOption] {
        var options: [GivenOption] = []
        if let product { options.append(GivenOption("--product", product)) }
        if wide { options.append(GivenOption("--wide")) }
        if ignoreColumns { options.append(GivenOption("--ignore-columns")) }
        if format != .auto { options.append(GivenOption("--format", format.rawValue)) }
        if let timeUnit { options.append(GivenOption("--time-unit", timeUnit.name)) }
        if let tz { options.append(GivenOption("--tz", tz)) }
        if let tzColumn { options.append(GivenOption("--tz-column", tzColumn)) }
        if repeatedHour != .order { options.append(GivenOption("--repeated-hour", repeatedHour.rawValue)) }
        if missingHour != .reject { options.append(GivenOption("--missing-hour", missingHour.rawValue)) }
        for list in missing { options.append(GivenOption("--missing", list)) }
        return options
    }

    private func localTimes() throws -> LocalTimeOptions {
        var local = LocalTimeOptions()
        local.zones = SystemZones()
        local.zone = try tz.map { try SystemZones().zone(named: $0) }
        local.zoneColumn = tzColumn
        local.repeatedHour = repeatedHour
        local.missingHour = missingHour
        return local
    }

    /// Refuses a value of `--missing` that is not a list: another option, or `--`, with which the parser ends options.
    ///
    /// - Throws: `ValidationError`.
    static func checkMissing(_ lists: [String]) throws {
        for list in lists where list.hasPrefix("--") && list.dropFirst(2).first?.isLetter == true {
            throw ValidationError("--missing: a list of words must follow it, not the option \(list)")
        }
        if lists.contains("--"), CommandLine.arguments.contains("--") {
            throw ValidationError("--missing: write --missing=-- for this word")
        }
    }

    private func missingReadings() throws -> MissingReadings {
        var readings = MissingReadings()
        try Self.checkMissing(missing)
        for list in missing where !readings.add(list) {
            throw ValidationError(
                "--missing: \"\(list)\" has no word; give LIST or POINT=LIST, words between commas")
        }
        return readings
    }
}
