// StoreOptions.swift — how a store is opened.

import VarveFile

/// Options of `Store.open`.
public struct StoreOptions: Sendable {
    /// Whether the store will be written; the default is true.
    ///
    /// Then it takes the directory's lock, recovers after a crash, creates what is
    /// missing. A store opened for reading changes nothing on disk.
    public var isWritable = true

    /// The clock that commit times are taken from, in nanoseconds since 1970 UTC.
    ///
    /// For people and retention, never for ordering. The default is the system's real-time clock.
    public var now: @Sendable () -> Int64 = { SystemClock.nanoseconds() }

    /// Whether reading a directory without a store gives an empty one instead of an error; default false.
    public var mayBeMissing = false

    /// Makes the default options.
    public init() {}

    /// Options for reading only.
    public static var reading: StoreOptions {
        var options = StoreOptions()
        options.isWritable = false
        return options
    }
}
