// Manifest+Replacements.swift — the addition of version 5 of the payload: replaced series.

import VarveCodec
import VarveSegment

extension Manifest {
    /// Marks the replaced series in a dictionary that has all series of the manifest.
    ///
    /// - Throws: `StorageError.damaged` if a replacement does not fit the dictionary.
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

    /// Writes the field of version 5; nothing if no series was replaced.
    func writeReplacements(to writer: inout ByteWriter) {
        guard !replacements.isEmpty else { return }
        writer.appendVarint(UInt64(replacements.count))
        for replacement in replacements { replacement.write(to: &writer) }
    }

    /// Reads the fields of version 5, which follow those of version 4.
    ///
    /// - Throws: `CodecError` where the bytes do not parse or the replacements are out of order.
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
