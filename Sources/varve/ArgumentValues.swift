// ArgumentValues.swift — types of other modules that options of the command line can have.
//
// The imports are public because the conformance of a public type to a public protocol is public.

public import ArgumentParser
public import VarveModel
public import VarveRegistry
public import VarveTransfer

/// A switch.
enum OnOff: String, CaseIterable, ExpressibleByArgument {
    case on
    case off
}

extension PayloadFormat: ExpressibleByArgument {}

extension InputFormat: ExpressibleByArgument {}

extension ExportFormat: ExpressibleByArgument {}

extension ExportLoss: ExpressibleByArgument {}

extension TimeUnit: ExpressibleByArgument {
    /// Reads the unit's name.
    public init?(argument: String) {
        guard let unit = TimeUnit.allCases.first(where: { $0.name == argument }) else { return nil }
        self = unit
    }

    /// Nothing: the names say it all, and the raw values are numbers on disk.
    public static var allValueDescriptions: [String: String] { [:] }

    /// The names, for help and error messages.
    public static var allValueStrings: [String] { allCases.map(\.name) }
}

extension RetentionPeriod.Basis: ExpressibleByArgument {
    /// Reads the name.
    public init?(argument: String) {
        guard let basis = Self.allCases.first(where: { $0.name == argument }) else { return nil }
        self = basis
    }

    /// Nothing: the names say it all, and the raw values are numbers on disk.
    public static var allValueDescriptions: [String: String] { [:] }

    /// The names, for help and error messages.
    public static var allValueStrings: [String] { allCases.map(\.name) }
}

extension DuplicatePolicy: ExpressibleByArgument {
    /// Reads the policy's name.
    public init?(argument: String) {
        self.init(name: argument)
    }

    /// Nothing: the names say it all, and the raw values are numbers on disk.
    public static var allValueDescriptions: [String: String] { [:] }

    /// The names of those that a product can have, for help and error messages.
    public static var allValueStrings: [String] { choices.map(\.name) }
}

extension TextEncoding: ExpressibleByArgument {}

extension RepeatedHour: ExpressibleByArgument {}

extension MissingHour: ExpressibleByArgument {}
