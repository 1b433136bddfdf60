// Manifest+Replacements.swift — what version 5 of the payload added: series that others took the place of.

import VarveCodec
import VarveSegment

extension Manifest {
    /// Tells a dictionary that has all series of the manifest which of them were replaced.
    ///
    /// - Throws: `StorageError.damaged` if it cannot be so.
    func noteReplacements(in dictionary: SeriesDictionary) throws {
        for replacement in replacements {
            do throws(CodecError) {
                try dictionary.replace(replacement)
            } catch {
                throw StorageError.damaged(
                    Damage(
                        file: StoreFolder.manifest(number), offset: SealedFile.headerBytes,
                        reason: error.reason))
            }
        }
    }

    /// Writes what version 5 has behind version 4; nothing where no series was replaced.
    func writeReplacements(to writer: inout ByteWriter) {
        guard !replacements.isEmpty else { return }
        writer.appendVarint(UInt64(replacements.count))
        for replacement in replacements { replacement.write(to: &writer) }
    }

    mutating func readReplacements(_ reader: inout ByteReader) throws(CodecError) {
        let count = try reader.varint(limit: reader.remaining, "replacements")
        guard count > 0 else { throw reader.failure("version 5 without a replacement of series") }
        for _ in 0..<count {
            let next = try Replacement(from: &reader)
            if let last = replacements.last, next.commit <= last.commit || next.first < last.new.upperBound {
                throw reader.failure("replacements of series out of order")
            }
            guard next.commit <= commit else { throw reader.failure("a replacement of a later commit") }
            replacements.append(next)
        }
    }
}
