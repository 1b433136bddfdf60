// FileStamp.swift — what tells one version of a file from the next.

/// The identity and state of a file at one moment; two equal stamps mean that nothing was replaced or written.
///
/// Two writes of the same length in place within one tick of the file system's clock go unnoticed; a file that
/// is only ever replaced has another node each time, so its readers notice every change.
public struct FileStamp: Hashable, Sendable {
    /// The device that the file is on.
    public var device: UInt64
    /// The number of its inode.
    public var node: UInt64
    /// Its size in bytes.
    public var size: Int64
    /// When it was last written, in seconds since 1970.
    public var changeSeconds: Int64
    /// The nanoseconds to be added to `changeSeconds`.
    public var changeNanoseconds: Int64
}
