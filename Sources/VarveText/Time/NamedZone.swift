// NamedZone.swift — zones with names, and the interface that finds them.

/// A zone with a name.
public protocol NamedZone: ZoneRules {
    /// The name as receipts show it, such as `Europe/Paris` or `+01:00`.
    var name: String { get }

    /// Whether the zone has one offset for all times.
    var isFixed: Bool { get }

    /// The zone's offsets between two moments as people write them, such as `+01:00, in summer +02:00`.
    ///
    /// - Parameters:
    ///   - first: The first moment, in seconds since 1970 UTC.
    ///   - last: The last moment, in seconds since 1970 UTC.
    func offsetsText(from first: Int64, to last: Int64) -> String
}

/// Finds zones by name.
public protocol ZoneDirectory: Sendable {
    /// Finds the zone of a name.
    ///
    /// - Throws: An error that says in one line what is wrong with the name.
    func zone(named name: String) throws -> any NamedZone
}

extension FixedZone: NamedZone {
    /// `UTC` or the offset, such as `+01:00`.
    public var name: String { seconds == 0 ? "UTC" : FixedZone.text(ofOffset: seconds) }

    /// Always true: the zone has one offset.
    public var isFixed: Bool { true }

    /// The zone's offset; the moments do not matter.
    public func offsetsText(from _: Int64, to _: Int64) -> String { FixedZone.text(ofOffset: seconds) }

    /// An offset as `±hh:mm`, followed by `:ss` if it has seconds.
    public static func text(ofOffset seconds: Int) -> String {
        func two(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
        let size = abs(seconds)
        let whole = (seconds < 0 ? "-" : "+") + two(size / 3600) + ":" + two(size / 60 % 60)
        return size % 60 == 0 ? whole : whole + ":" + two(size % 60)
    }
}
