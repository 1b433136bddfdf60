// ReservedPoint.swift — the names of the series in which the events and the attributes of devices are kept.
//
// An event or attribute is a series of type `json`, like any point, so that exports, digests, retention and backups hold
// for it too. No model may have a point with such a name.
//
// Invariants:
// - A name has one reading: what follows the prefix is the id, whatever bytes it has.

/// What a series with a reserved name holds.
public enum ReservedPoint: Hashable, Sendable {
    /// The occurrences of an event. The value at a time is a JSON array of the different contents that came for that
    /// time, sorted by their bytes.
    case event(String)
    /// The values of an attribute, each at the time of its arrival, as JSON.
    case attribute(String)

    /// The beginning of the name of every event.
    public static let eventPrefix = "$event/"
    /// The beginning of the name of every attribute.
    public static let attributePrefix = "$attribute/"

    /// The name of the series.
    public var name: String {
        switch self {
        case .event(let id): Self.eventPrefix + id
        case .attribute(let id): Self.attributePrefix + id
        }
    }

    /// Whether a name is that of an attribute.
    public static func isAttribute(_ name: String) -> Bool { name.utf8.starts(with: attributePrefix.utf8) }

    /// Reads a name; nil for a point of a model.
    public init?(name: String) {
        let bytes = name.utf8
        if bytes.starts(with: Self.eventPrefix.utf8) {
            self = .event(String(decoding: bytes.dropFirst(Self.eventPrefix.utf8.count), as: UTF8.self))
        } else if bytes.starts(with: Self.attributePrefix.utf8) {
            let id = bytes.dropFirst(Self.attributePrefix.utf8.count)
            self = .attribute(String(decoding: id, as: UTF8.self))
        } else {
            return nil
        }
    }
}
