// SampleSource.swift — the interface through which exporters and queries read samples.

/// A series that the store holds.
public struct SeriesInfo: Hashable, Sendable {
    /// Its name.
    public var key: SeriesKey
    /// The type of its values.
    public var type: ValueType

    /// Makes a description.
    public init(key: SeriesKey, type: ValueType) {
        self.key = key
        self.type = type
    }
}

/// The direction in which samples are read.
public enum TimeOrder: Sendable {
    /// Earliest first.
    case ascending
    /// Latest first.
    case descending
}

/// Answers range reads over one unchanging state of the store.
///
/// Every method throws the error of its implementation if the store cannot be read.
public protocol SampleSource: Sendable {
    /// All series, in the order of `SeriesKey`.
    func series() throws -> [SeriesInfo]

    /// The series of devices that have one of these keys, of any product, in the order of `SeriesKey`.
    func series(ofDevices devices: Set<Name>) throws -> [SeriesInfo]

    /// Reads the visible samples of a series in a range, in time order, with at most one sample for each time.
    ///
    /// Memory is bounded: `body` gets the samples in pieces of at most a few thousand.
    ///
    /// - Parameters:
    ///   - key: The series; an unknown series has no samples.
    ///   - range: The half-open range of times.
    ///   - order: Earliest or latest first; it applies to the pieces and to the samples in them.
    ///   - body: Called with each piece; returns false to stop reading.
    /// - Throws: The source's error, and what `body` throws.
    func read(
        _ key: SeriesKey, in range: TimeRange, order: TimeOrder,
        _ body: (SampleColumns) throws -> Bool) throws
}

extension SampleSource {
    /// The series of some devices, filtered from all series.
    public func series(ofDevices devices: Set<Name>) throws -> [SeriesInfo] {
        try series().filter { devices.contains(Name($0.key.device)) }
    }
}
