// LocalTimeOptions.swift — what the caller decides about times that carry no offset.

import VarveModel
public import VarveText

/// What becomes of the rows of a local hour that comes twice.
public enum RepeatedHour: String, CaseIterable, Sendable {
    /// The order of the rows tells which pass a row is of; where it does not, the rows are rejected.
    case order
    /// All rows are of the first pass.
    case first
    /// All rows are of the second pass.
    case second
    /// All rows are rejected.
    case reject
}

/// What becomes of the rows of a local hour that does not exist.
public enum MissingHour: String, CaseIterable, Sendable {
    /// They are rejected.
    case reject
    /// They are taken with the offset before the clock change, so they land in the hour after it.
    case shift
}

/// How times without an offset are read.
public struct LocalTimeOptions: Sendable {
    /// The zone of all of them; nil: that of the row's device, else UTC.
    public var zone: (any NamedZone)?
    /// The name of a CSV column, or member of an NDJSON object, with the zone of its row; an empty cell says nothing.
    public var zoneColumn: String?
    /// Rows of a local hour that comes twice.
    public var repeatedHour = RepeatedHour.order
    /// Rows of a local hour that does not exist.
    public var missingHour = MissingHour.reject
    /// Finds zones by name; nil: no name is known.
    public var zones: (any ZoneDirectory)?

    /// Makes the default options: every local time is of the device's zone, else of UTC.
    public init() {}
}
