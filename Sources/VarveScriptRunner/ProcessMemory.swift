// ProcessMemory.swift — how much memory this process has.
//
// `getrusage` does not serve: its peak includes that of the process that started this one.

import Glibc
import VarveFile

/// Reads the memory of this process, from a file of /proc that was opened before files were out of reach.
final class ProcessMemory: Sendable {
    private let file: any File
    private let pageBytes = max(sysconf(Int32(truncatingIfNeeded: _SC_PAGESIZE)), 4096)

    /// Opens the file.
    ///
    /// - Throws: `FileError` if /proc is not there.
    init() throws(FileError) { file = try POSIXFileSystem().open("/proc/self/statm", .read) }

    /// The bytes that are resident; 0 if they cannot be read.
    func resident() -> Int {
        withUnsafeTemporaryAllocation(byteCount: 128, alignment: 1) { buffer in
            guard let count = try? file.read(into: buffer, at: 0) else { return 0 }
            // The second number counts pages.
            var (field, pages) = (0, 0)
            for byte in buffer[..<count] {
                switch byte {
                case UInt8(ascii: " "): field += 1
                case 0x30...0x39 where field == 1: pages = pages &* 10 &+ Int(byte & 0x0F)
                default: break
                }
            }
            return pages &* pageBytes
        }
    }
}
