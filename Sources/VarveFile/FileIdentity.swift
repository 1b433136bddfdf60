// FileIdentity.swift — which file it is, independent of its name.

/// The identity of a file or folder: two names with the same identity name the same file.
///
/// A file keeps its identity when it is written in place or renamed. A file that replaces it has another identity. The
/// file system uses a number again once the file is removed and no process has it open.
public struct FileIdentity: Hashable, Sendable {
    /// The device that it is on.
    public var device: UInt64
    /// The number of its inode.
    public var node: UInt64

    /// Makes an identity from the numbers that `stat(2)` gives.
    public init(device: UInt64, node: UInt64) {
        self.device = device
        self.node = node
    }
}
