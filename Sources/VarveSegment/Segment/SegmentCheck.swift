// SegmentCheck.swift — checks every byte and every entry of one segment file.
//
// Invariants:
// - Every byte of the file belongs to exactly one checked piece; gaps and overlaps are damage.

import VarveCodec
import VarveFile
package import VarveModel

package struct SegmentCheck {
    private let file: String
    private let reader: SegmentReader
    private let top: SegmentTop
    private let type: (SeriesID) -> ValueType?
    private let isReplaced: (SeriesID) -> Bool
    package private(set) var samples: UInt64 = 0
    private var damage: [Damage] = []

    /// Opens a segment.
    ///
    /// - Parameters:
    ///   - file: Its name in the folder.
    ///   - id: The file id that the segment must have.
    ///   - type: The type of a series; nil for one that is not in the dictionary.
    ///   - isReplaced: Whether another series of the same name took the place of a series.
    /// - Throws: `StorageError.damaged`, also if preamble, footer or top index are damaged;
    ///   `StorageError.unknownVersion`; `FileError`.
    package init(
        _ file: String, id: FileID, _ folder: StoreFolder, type: @escaping (SeriesID) -> ValueType?,
        isReplaced: @escaping (SeriesID) -> Bool
    ) throws {
        self.file = file
        self.type = type
        self.isReplaced = isReplaced
        reader = try SegmentReader(alone: file, id: id, folder)
        top = try reader.top()
    }

    package var checksum: UInt64 { reader.reference.checksum }

    package var footerOffset: Int { Int(reader.reference.byteCount) - SegmentFormat.footerBytes }

    private mutating func checkInvariants(_ page: IndexPage, _ offset: Int) {
        do throws(BrokenInvariant) { try page.checkInvariants() } catch { add(offset, "\(error)") }
    }

    /// Checks the file.
    ///
    /// - Parameters:
    ///   - deep: Whether every block is decoded and compared with its statistics.
    ///   - isLive: Whether the manifest names it, so that its series have names.
    /// - Returns: All damage that was found; empty if the file is whole.
    package mutating func run(deep: Bool, isLive: Bool) -> [Damage] {
        var pieces: [Extent] = []
        var summary = SegmentSummary()
        var before: BlockEntry?
        var replaced: UInt64 = 0
        for index in top.index.pages.indices {
            reporting(top.index.pages[index].extent.offset) { check in
                let page = try check.reader.page(index)
                if deep { check.checkInvariants(page, check.top.index.pages[index].extent.offset) }
                for entry in page.entries {
                    if let before, !Self.inOrder(before, entry) {
                        check.add(
                            check.top.index.pages[index].extent.offset, "index entries are out of order")
                    }
                    if before?.series != entry.series { summary.series += 1 }
                    before = entry
                    summary.samples += UInt64(entry.count)
                    if isLive, check.isReplaced(entry.series) { replaced += UInt64(entry.count) }
                    summary.blocks += 1
                    pieces.append(entry.block)
                    if let times = entry.times { pieces.append(times) }
                    if entry.vectors != nil {
                        check.checkVectors(try check.reader.vectors(of: entry), entry)
                    }
                    if isLive, check.type(entry.series) == nil {
                        check.add(
                            check.top.index.pages[index].extent.offset, "series \(entry.series) has no name")
                    }
                }
            }
        }
        samples = summary.samples - min(summary.samples, replaced)
        let stored = reader.reference.summary
        if damage.isEmpty,
            summary.samples != stored.samples || summary.blocks != stored.blocks
                || summary.series != stored.series
        {
            add(footerOffset, "the footer counts other blocks than the index has")
        }
        checkPieces(Set(pieces))
        if deep { decodeAll() }
        return damage
    }

    private static func inOrder(_ before: BlockEntry, _ after: BlockEntry) -> Bool {
        before.series < after.series || (before.series == after.series && before.lastTime <= after.firstTime)
    }

    /// Checks that the counts of the vectors add up to those of the block.
    private mutating func checkVectors(_ vectors: [VectorEntry], _ entry: BlockEntry) {
        guard let whole = entry.statistics else { return }
        let present = vectors.reduce(0) { $0 + $1.statistics.present }
        let numeric = vectors.reduce(0) { $0 + $1.statistics.numeric }
        let good = vectors.reduce(0) { $0 + $1.statistics.good }
        guard present != whole.present || numeric != whole.numeric || good != whole.good else { return }
        add(entry.block.offset, "the statistics of the vectors are not those of the block")
    }

    private mutating func checkPieces(_ pieces: Set<Extent>) {
        let hadDamage = !damage.isEmpty
        var end = top.data.lowerBound
        for piece in pieces.sorted(by: { $0.offset < $1.offset }) {
            reporting(piece.offset) { try $0.reader.check(piece, "block") }
            // After damage to an index page some pieces are unknown, so gaps mean nothing.
            if !hadDamage, piece.offset != end { add(end, "bytes that belong to no block") }
            end = piece.offset + piece.count
        }
        if !hadDamage, end != top.data.upperBound { add(end, "bytes that belong to no block") }
    }

    private mutating func decodeAll() {
        for index in top.index.pages.indices {
            for entry in (try? reader.page(index).entries) ?? [] {
                guard let type = type(entry.series) else { continue }
                reporting(entry.block.offset) { check in
                    let run = try check.reader.read(entry, type: type)
                    guard run.commits.min() == entry.lowestCommit, run.commits.max() == entry.highestCommit,
                        run.repeatsTime(in: 0..<run.count) == entry.hasVersions,
                        try check.agree(entry, run, type)
                    else { return check.add(entry.block.offset, "the statistics are not those of the block") }
                }
            }
        }
    }

    /// Whether the statistics of a block and of its vectors match its samples.
    private func agree(_ entry: BlockEntry, _ run: SampleRun, _ type: ValueType) throws -> Bool {
        guard let statistics = entry.statistics else { return true }
        guard BlockStatistics(run, 0..<run.count, type: type) == statistics else { return false }
        for (index, vector) in try reader.vectors(of: entry).enumerated() {
            let start = index * BlockLimits.vector
            let part = start..<start + vector.count
            guard BlockStatistics(run, part, type: type) == vector.statistics,
                run.times[start] == vector.firstTime, run.times[part.upperBound - 1] == vector.lastTime,
                run.commits[part].min() == vector.lowestCommit,
                run.commits[part].max() == vector.highestCommit
            else { return false }
        }
        return true
    }

    private mutating func add(_ offset: Int, _ reason: String) {
        damage.append(Damage(file: file, offset: offset, reason: reason))
    }

    private mutating func reporting(_ offset: Int, _ body: (inout SegmentCheck) throws -> Void) {
        do {
            try body(&self)
        } catch StorageError.damaged(let found) {
            if !damage.contains(found) { damage.append(found) }
        } catch {
            add(offset, "\(error)")
        }
    }
}
