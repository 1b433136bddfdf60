// FileError.swift — a failed file-system call: which call, on which path, and why.

public import Glibc

/// A call to the file system failed.
public struct FileError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The call, as the verb of the message: "open", "write to", "sync".
    public var action: String
    /// The path that the call was for.
    public var path: String
    /// The system's `errno`.
    public var code: Int32

    /// Makes an error; `code` defaults to the calling thread's `errno`.
    public init(_ action: String, _ path: String, code: Int32 = errno) {
        self.action = action
        self.path = path
        self.code = code
    }

    /// Whether the file or folder does not exist.
    public var isNotFound: Bool { code == ENOENT || code == ENOTDIR }

    /// Whether the caller lacks the right to do this.
    public var isForbidden: Bool { code == EACCES || code == EPERM || code == EROFS }

    /// Whether the disk or the quota is full.
    public var isDiskFull: Bool { code == ENOSPC || code == EDQUOT }

    /// Whether the reader of a pipe went away.
    public var isClosedPipe: Bool { code == EPIPE }

    /// One line: what failed, where, why, and the remedy if there is one.
    public var description: String {
        "cannot \(action) \(path): \(reason)"
    }

    private var reason: String {
        switch code {
        case ENOENT: "no such file or folder"
        case EACCES, EPERM: "permission denied"
        case EISDIR: "is a folder, not a file"
        case ENOTDIR: "a part of the path is not a folder"
        case ENOSPC: "no space left on the disk; free some and run it again"
        case EDQUOT: "the disk quota is used up; free some space and run it again"
        case ELOOP: "it is a symbolic link, or links lead in a circle"
        case EFBIG: "too large to be read at once; split it"
        case EROFS: "the file system is read-only"
        case EMFILE, ENFILE: "too many open files; raise `ulimit -n`"
        default: String(cString: strerror(code))
        }
    }
}
