// FileStamp.swift — what distinguishes one version of a file from the next.

/// The identity and state of a file at one moment; two equal stamps mean that the file was not replaced or written.
///
/// One change goes unnoticed: a second write in place of the same length, within one tick of the file system's clock. A
/// file that is only replaced has another node each time, so its readers notice every change.
public struct FileStamp: Hashable, Sendable {
    /// The device that the file is on.
    public var device: UInt64
    /// The number of its inode.
    public var node: UInt64
    /// Its size in bytes.
    public var size: Int64
    /// When it was last written, in seconds since 1970.
    public var changeSeconds: Int64
    /// The nanoseconds of that time, beyond `changeSeconds`.
    public var changeNanoseconds: Int64
}
