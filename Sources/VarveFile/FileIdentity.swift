// FileIdentity.swift — which file it is, whatever its name is.

/// The identity of a file or folder: two names with one identity name the same thing.
///
/// A file that was replaced has another one; one that was written in place or renamed keeps it. Numbers are used again
/// once a file is gone for good, which an open file is not.
public struct FileIdentity: Hashable, Sendable {
    /// The device that it is on.
    public var device: UInt64
    /// The number of its inode.
    public var node: UInt64

    /// Names a file.
    public init(device: UInt64, node: UInt64) {
        self.device = device
        self.node = node
    }
}
