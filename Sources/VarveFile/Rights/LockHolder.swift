// LockHolder.swift — which process holds a lock: from the kernel's list, not from the text in the lock file.
//
// The kernel lists the process that took the lock. That process may have ended while a child still holds the lock, so
// only a process that is alive is named.

import Glibc

/// Finds the holder of a lock.
enum LockHolder {
    private static let listBytes = 4 << 20

    /// The process that holds an advisory lock on an open file; nil if it cannot be found out.
    static func process(of descriptor: Int32) -> Int? {
        var status = stat()
        guard fstat(descriptor, &status) == 0,
            let file = try? POSIXFileSystem().open("/proc/locks", .read),
            let bytes = try? file.readToEnd(limit: listBytes)
        else { return nil }
        return find(
            in: String(decoding: bytes, as: UTF8.self), device: UInt64(status.st_dev),
            node: UInt64(status.st_ino)
        ).first(where: isAlive)
    }

    /// The processes that hold a lock on a file, from the text of `/proc/locks`.
    ///
    /// A line is `1: FLOCK  ADVISORY  WRITE 812 08:01:131090 0 EOF`. A process with `->` after the number only waits.
    static func find(in list: String, device: UInt64, node: UInt64) -> [Int] {
        list.split(separator: "\n").compactMap { line in
            let fields = line.split(separator: " ", omittingEmptySubsequences: true)
            guard fields.count >= 6, fields[1] == "FLOCK", let process = Int(fields[4]), process > 0 else {
                return nil
            }
            let place = fields[5].split(separator: ":")
            guard place.count == 3, let major = UInt64(place[0], radix: 16),
                let minor = UInt64(place[1], radix: 16), UInt64(place[2]) == node,
                Self.number(major: major, minor: minor) == device
            else { return nil }
            return process
        }
    }

    /// The number that `stat(2)` gives for a device: `makedev(3)`, a macro that Swift cannot use.
    static func number(major: UInt64, minor: UInt64) -> UInt64 {
        (major & 0xFFF) << 8 | (major & ~0xFFF) << 32 | minor & 0xFF | (minor & ~0xFF) << 12
    }

    private static func isAlive(_ process: Int) -> Bool {
        guard let id = Int32(exactly: process) else { return false }
        return kill(id, 0) == 0 || errno == EPERM
    }
}
