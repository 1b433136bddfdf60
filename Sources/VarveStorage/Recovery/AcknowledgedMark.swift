// AcknowledgedMark.swift — a file with the newest acknowledged commit, so that a loss of commits is noticed.
//
// offset  width  field
//      0      8  magic "VARVEACK"
//      8      8  the commit
//     16      8  XXH3-64 of the bytes before
//
// A WAL file that somebody removed leaves no gap: the store looks as it did earlier. Only a record of what was
// acknowledged reveals the loss. The mark is written in place after each durable group and never synced. It costs a
// microsecond and outlives the process; after a power failure it may name an older commit.
//
// Invariants:
// - It never names a commit that is not durable, so it is never ahead of a store that lost nothing.
// - If it is missing or damaged, nothing is checked; `verify` notes a damaged one. A failure to write it fails no commit.

import VarveCodec
import VarveFile
import VarveSegment

final class AcknowledgedMark {
    private var file: (any File)?
    private var commit: UInt64 = 0

    private static let magic = Array("VARVEACK".utf8)
    private static let byteCount = 24

    init() {}

    /// Notes that everything up to a commit is durable.
    func raise(to commit: UInt64, _ folder: StoreFolder) {
        guard commit > self.commit || file == nil else { return }
        do {
            let file = try file ?? folder.files.open(folder.acknowledged, .update)
            self.file = file
            try file.overwrite(Self.encode(commit), at: 0)
            self.commit = commit
        } catch {
            close()
        }
    }

    /// Writes the file again if somebody has removed or replaced it.
    func rewriteIfReplaced(in folder: StoreFolder) {
        guard let file, (try? file.identity()) != (try? folder.files.identity(folder.acknowledged)) else {
            return
        }
        let commit = commit
        close()
        raise(to: commit, folder)
    }

    func close() {
        file?.close()
        file = nil
        commit = 0
    }

    /// The commit that the file names; nil if the file is missing or damaged.
    static func read(_ folder: StoreFolder) -> UInt64? {
        guard case .file(byteCount)? = try? folder.files.kind(folder.acknowledged),
            let bytes = try? folder.files.readAll(folder.acknowledged, limit: byteCount),
            bytes.count == byteCount, bytes.starts(with: magic)
        else { return nil }
        return bytes.withUnsafeBytes { bytes in
            let checksum = bytes.loadUnaligned(fromByteOffset: 16, as: UInt64.self).littleEndian
            guard Checksum.of(.init(rebasing: bytes[..<16])) == checksum else { return nil }
            return bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self).littleEndian
        }
    }

    private static func encode(_ commit: UInt64) -> [UInt8] {
        var writer = ByteWriter(capacity: byteCount)
        magic.withUnsafeBytes { writer.append(bytes: $0) }
        writer.append(commit)
        writer.append(writer.bytes.withUnsafeBytes { Checksum.of($0) })
        return writer.bytes
    }
}
