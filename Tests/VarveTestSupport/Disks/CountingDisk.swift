// CountingDisk.swift — the real disk, with a count of the reads.

import Synchronization
package import VarveFile

/// A disk that counts its reads.
package final class CountingDisk: ForwardingFileSystem {
    package let disk = POSIXFileSystem()
    private let counts = Counts()

    /// Makes a disk without reads so far.
    package init() {}

    /// The reads at a position so far, of all files.
    package var reads: Int { counts.all.load(ordering: .relaxed) }
    /// The reads at a position so far, of segments.
    package var segmentReads: Int { counts.segments.load(ordering: .relaxed) }

    package func open(_ path: String, _ mode: OpenMode) throws(FileError) -> any File {
        CountedFile(try disk.open(path, mode), counts)
    }
}

private final class Counts: Sendable {
    let all = Atomic(0)
    let segments = Atomic(0)
}

private final class CountedFile: ForwardingFile {
    let file: any File
    private let counts: Counts

    init(_ file: any File, _ counts: Counts) {
        self.file = file
        self.counts = counts
    }

    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(FileError) -> Int {
        counts.all.add(1, ordering: .relaxed)
        if path.hasSuffix(".segment") { counts.segments.add(1, ordering: .relaxed) }
        return try file.read(into: buffer, at: offset)
    }
}
