// SeriesNames+Replacements.swift — names that have several ids because the type of their point was changed.
//
// Invariants:
// - Every id of a name but the newest is replaced once, by an id of the same name.

import VarveCodec
import VarveSegment

extension SeriesNames {
    /// The newest id below `end` of the name of a series; the id itself if it was not replaced.
    func newest(_ id: Int, below end: Int = .max) -> Int {
        var newest = id
        for replacement in replacements {
            guard Int(replacement.first) < end else { break }
            if let next = replacement.successor(of: SeriesID(newest)) { newest = Int(next) }
        }
        return newest
    }

    func isReplaced(_ id: Int) -> Bool {
        replacements.contains { $0.successor(of: SeriesID(id)) != nil }
    }

    /// The ids that no id below `end` replaced, out of some ascending ids.
    func live(_ ids: some Collection<Int>, below end: Int) -> [Int] {
        let old = replacements.prefix { Int($0.first) < end }.flatMap(\.old).sorted()
        guard !old.isEmpty else { return Array(ids) }
        var next = 0
        return ids.filter { id in
            while next < old.count, Int(old[next]) < id { next += 1 }
            return next == old.count || Int(old[next]) != id
        }
    }

    /// Marks replaced series.
    ///
    /// - Throws: `CodecError` if a series has no successor of the same name, or is replaced twice.
    mutating func replace(_ replacement: Replacement) throws(CodecError) {
        guard Int(replacement.new.upperBound) <= count,
            replacements.last.map({ $0.first < replacement.first }) ?? true
        else { throw CodecError(offset: 0, reason: "replaced series have no successors") }
        for (old, new) in zip(replacement.old, replacement.new) {
            guard areNamesakes(Int(old), Int(new)) else {
                throw CodecError(offset: 0, reason: "series \(old) is replaced by one of another name")
            }
            guard !isReplaced(Int(old)) else {
                throw CodecError(offset: 0, reason: "series \(old) is replaced twice")
            }
        }
        replacements.append(replacement)
    }
}
