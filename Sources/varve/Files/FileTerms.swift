// FileTerms.swift — the options that say how input files are written, as a list that a file of rejected rows carries.
//
// Invariants:
// - Every option that changes what a row means is in the list: one that is added to the commands is added here.
// - The encoding is not: a file of rejected rows is UTF-8.

import VarveTransfer

/// Options of import, publish and digest about the form of files.
enum FileTerms {
    /// What stands in a file of rejected rows and means nothing here.
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// The options that were given, in one list.
    static func said(
        product: String?, isWide: Bool, ignoresColumns: Bool, format: InputFormat = .auto,
        timeUnit: TimeUnit?, zone: String?
    ) -> [SaidOption] {
        var said: [SaidOption] = []
        if let product { said.append(SaidOption("--product", product)) }
        if isWide { said.append(SaidOption("--wide")) }
        if ignoresColumns { said.append(SaidOption("--ignore-columns")) }
        if format != .auto { said.append(SaidOption("--format", format.rawValue)) }
        if let timeUnit { said.append(SaidOption("--time-unit", timeUnit.name)) }
        if let zone { said.append(SaidOption("--tz", zone)) }
        return said
    }

    /// Sets what a list says; a later option of a name takes the place of an earlier one.
    static func apply(_ said: [SaidOption], to options: inout ImportOptions) throws {
        for option in said {
            let value = option.value
            switch option.name {
            case "--product": options.product = value
            case "--wide": options.isWide = true
            case "--ignore-columns": options.ignoresColumns = true
            case "--format": options.format = try read(option, InputFormat(rawValue: value))
            case "--time-unit": options.timeUnit = try read(option, TimeUnit(name: value))
            case "--tz": options.zone = try SystemZone(named: value)
            default: throw failure(option)
            }
        }
        options.said = said
    }

    private static func read<Value>(_ option: SaidOption, _ value: Value?) throws -> Value {
        guard let value else { throw failure(option) }
        return value
    }

    private static func failure(_ option: SaidOption) -> Failure {
        Failure(
            description: "the file of rejected rows says \(option.name) \(option.value), which this version "
                + "does not know; let it be written anew by importing its source")
    }
}
