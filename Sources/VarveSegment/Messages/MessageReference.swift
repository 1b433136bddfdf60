// MessageReference.swift — a messages file as a manifest names it.

/// A messages file the manifest names.
package struct MessageReference: Hashable, Sendable {
    package var id: FileID
    package var byteCount: UInt64
    /// XXH3-64 of the header.
    package var checksum: UInt64
    package var count: UInt64
    /// The age clock when its oldest and its newest message were written to a file.
    package var oldest: Int64
    package var newest: Int64

    /// The most that the age clock advances between two manifests: an hour.
    package static let longestClockStep: Int64 = 3_600_000_000_000
}
