// LocalTimeOptions.swift — what the caller decides about times without an offset.

import VarveModel
public import VarveText

/// What happens to the rows of a local hour that comes twice.
public enum RepeatedHour: String, CaseIterable, Sendable {
    /// The order of the rows decides the pass of each row; if it is not clear, the rows are rejected.
    case order
    /// All rows belong to the first pass.
    case first
    /// All rows belong to the second pass.
    case second
    /// All rows are rejected.
    case reject
}

/// What happens to the rows of a local hour that does not exist.
public enum MissingHour: String, CaseIterable, Sendable {
    /// The rows are rejected.
    case reject
    /// The rows are read with the offset before the clock change, so they land in the hour after it.
    case shift
}

/// How times without an offset are read.
public struct LocalTimeOptions: Sendable {
    /// The zone of all local times; nil: the zone of the row's device, else UTC.
    public var zone: (any NamedZone)?
    /// The name of a CSV column, or member of an NDJSON object, with the zone of its row; an empty cell is ignored.
    public var zoneColumn: String?
    /// What happens to the rows of a local hour that comes twice; `order` by default.
    public var repeatedHour = RepeatedHour.order
    /// What happens to the rows of a local hour that does not exist; `reject` by default.
    public var missingHour = MissingHour.reject
    /// Finds zones by name; nil: no name is known.
    public var zones: (any ZoneDirectory)?

    /// Makes the default options: local times are in the zone of the row's device, else in UTC.
    public init() {}
}
