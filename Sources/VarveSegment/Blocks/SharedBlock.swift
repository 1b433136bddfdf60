// SharedBlock.swift — collects short series into one block, so that each costs a few bytes and not a block of its own.
//
// Invariants:
// - All series have the same type. Their samples follow each other in the order of their entries.

import VarveCodec
import VarveModel

struct SharedBlock {
    let type: ValueType
    private var builder: SampleRunBuilder
    /// The indexes of the series' entries in the open index page.
    private(set) var places: [Int] = []

    init(type: ValueType) {
        self.type = type
        builder = SampleRunBuilder(type: type)
    }

    /// Whether a series is short enough to share a block.
    static func takes(_ run: SampleRun) -> Bool {
        run.count <= FormatLimits.sharedSamples && run.textBytes <= FormatLimits.sharedTextBytes
    }

    /// Whether a series still fits into the block.
    func hasRoom(for run: SampleRun) -> Bool {
        builder.count + run.count <= FormatLimits.blockSamples
            && builder.textBytes + run.textBytes <= FormatLimits.sharedTextBytes
    }

    /// Adds the samples of the series whose entry is at index `place` of the open page.
    mutating func append(_ run: SampleRun, place: Int) {
        builder.append(run, 0..<run.count)
        places.append(place)
    }

    /// The bytes of time column and block, and the number of samples; empties the block.
    mutating func encode(effort: Effort) -> (times: [UInt8], block: [UInt8], samples: Int) {
        let run = builder.finish()
        let range = 0..<run.count
        return (
            BlockCodec.encodeTimes(run, range, effort: effort),
            BlockCodec.encodeBlock(run, range, type: type, effort: effort), run.count
        )
    }
}
