// FileTerms.swift — the options about the form of input files, as a list that a file of rejected rows carries.
//
// Invariants:
// - Every option that changes what a row means is in the list. An option added to the commands is added here.
// - The encoding is not in the list, because a file of rejected rows is UTF-8.

import VarveTransfer

/// Options of import, publish and digest about the form of files.
///
/// `ReadOptions.givenOptions` makes the list from a command line, and `apply` reads it back.
enum FileTerms {
    /// A file of rejected rows has an option that this version does not know.
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// Sets what a list says.
    ///
    /// A later option replaces an earlier one of the same name; `--missing` adds up.
    ///
    /// - Throws: `Failure` for an unknown option or value, `SystemZones.Failure` for an unknown zone.
    static func apply(_ givenOptions: [GivenOption], to options: inout ImportOptions) throws {
        var missing: [String] = []
        for option in givenOptions {
            let value = option.value
            switch option.name {
            case "--product": options.product = value
            case "--wide": options.isWide = true
            case "--ignore-columns": options.ignoresColumns = true
            case "--format": options.format = try read(option, InputFormat(rawValue: value))
            case "--time-unit": options.timeUnit = try read(option, TimeUnit(name: value))
            case "--tz": options.local.zone = try SystemZones.zone(named: value)
            case "--tz-column": options.local.zoneColumn = value
            case "--repeated-hour":
                options.local.repeatedHour = try read(option, RepeatedHour(rawValue: value))
            case "--missing-hour":
                options.local.missingHour = try read(option, MissingHour(rawValue: value))
            case "--missing": missing.append(value)
            default: throw failure(option)
            }
        }
        options.missing = MissingReadings()
        for list in missing where !options.missing.add(list) { throw failure(GivenOption("--missing", list)) }
        options.givenOptions = givenOptions
    }

    private static func read<Value>(_ option: GivenOption, _ value: Value?) throws -> Value {
        guard let value else { throw failure(option) }
        return value
    }

    private static func failure(_ option: GivenOption) -> Failure {
        Failure(
            description: "the file of rejected rows says \(option.name) \(option.value), which this version "
                + "does not know; import its source again, which writes the file again")
    }
}
