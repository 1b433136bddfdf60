// SimulatedContent.swift — the bytes of one file: what programs see, what is on the disk, and the changes in between.
//
// Invariants:
// - `durable` with all of `unsynced` applied in order has the size of `live`.
// - Outside the ranges of unsynced writes, a crash changes only the size: bytes are cut off, or zeros are added.

struct SimulatedContent: Sendable {
    /// A change since the last sync.
    private enum Change: Sendable {
        case write(offset: Int, bytes: [UInt8])
        case cut(size: Int)

        /// The size of the file after the change.
        func size(after size: Int) -> Int {
            switch self {
            case .write(let offset, let bytes): max(size, offset + bytes.count)
            case .cut(let cut): cut
            }
        }
    }

    /// The bytes that a disk writes as a unit.
    static let sectorBytes = 512

    /// The bytes that reads see.
    private(set) var live: [UInt8] = []
    private var durable: [UInt8] = []
    private var unsynced: [Change] = []

    mutating func write(_ bytes: some Collection<UInt8>, at offset: Int) {
        guard !bytes.isEmpty else { return }
        let bytes = Array(bytes)
        unsynced.append(.write(offset: offset, bytes: bytes))
        Self.place(bytes[...], at: offset, in: &live)
    }

    mutating func cut(to size: Int) {
        unsynced.append(.cut(size: size))
        Self.resize(&live, to: size)
    }

    mutating func sync() {
        for change in unsynced {
            switch change {
            case .write(let offset, let bytes): Self.place(bytes[...], at: offset, in: &durable)
            case .cut(let size): Self.resize(&durable, to: size)
            }
        }
        unsynced = []
    }

    /// Fails a sync: the kernel gives up the bytes that it could not write, and treats them as clean from now on.
    ///
    /// - Parameter forgets: Whether reads return what is on the disk at once; otherwise they still return what was
    ///   written.
    mutating func failSync(forgets: Bool) {
        unsynced = []
        guard forgets else { return }
        let size = live.count
        live = durable
        Self.resize(&live, to: size)
    }

    /// The file after a power failure.
    func afterCrash(
        _ outcome: CrashOutcome, using random: inout some RandomNumberGenerator
    ) -> SimulatedContent {
        var bytes = durable
        // Changes of the size survive in their order; the first that does not may survive in part.
        let kept = outcome.keptChanges(of: unsynced.count, using: &random)
        var size = durable.count
        for (number, change) in unsynced.enumerated() {
            if number < kept {
                size = change.size(after: size)
            } else if number == kept, case .write(let offset, let written) = change {
                size = max(size, offset + outcome.keptBytes(of: written.count, using: &random))
            }
            switch change {
            case .write(let offset, let written):
                Self.write(written, at: offset, in: &bytes, outcome, &random)
            case .cut(let cut):
                if number < kept { Self.resize(&bytes, to: cut) }
            }
        }
        Self.resize(&bytes, to: size)
        var after = SimulatedContent()
        after.live = bytes
        after.durable = bytes
        return after
    }

    /// Applies a write sector by sector, each as the outcome decides.
    private static func write(
        _ written: [UInt8], at offset: Int, in bytes: inout [UInt8], _ outcome: CrashOutcome,
        _ random: inout some RandomNumberGenerator
    ) {
        if bytes.count < offset + written.count { resize(&bytes, to: offset + written.count) }
        let fate = outcome.fateOfWrite(using: &random)
        var start = 0
        while start < written.count {
            let end = min(written.count, ((offset + start) / sectorBytes + 1) * sectorBytes - offset)
            let count = end - start
            switch outcome.fateOfSector(of: fate, using: &random) {
            case .kept: place(written[start..<end], at: offset + start, in: &bytes)
            case .lost: break
            case .zeroed: for index in start..<end { bytes[offset + index] = 0 }
            case .torn:
                let kept = Int.random(in: 0...count, using: &random)
                place(written[start..<start + kept], at: offset + start, in: &bytes)
            }
            start = end
        }
    }

    private static func place(_ piece: ArraySlice<UInt8>, at offset: Int, in bytes: inout [UInt8]) {
        if bytes.count < offset + piece.count { resize(&bytes, to: offset + piece.count) }
        bytes.replaceSubrange(offset..<offset + piece.count, with: piece)
    }

    private static func resize(_ bytes: inout [UInt8], to size: Int) {
        if bytes.count > size {
            bytes.removeLast(bytes.count - size)
        } else {
            bytes.append(contentsOf: repeatElement(0, count: size - bytes.count))
        }
    }
}
