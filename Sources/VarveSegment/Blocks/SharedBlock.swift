// SharedBlock.swift — short series gathered into one block, so that each costs bytes and not a block of its own.
//
// Invariants:
// - All series have the same type; their samples follow each other in the order of their entries.

import VarveCodec
import VarveModel

struct SharedBlock {
    let type: ValueType
    private var builder: SampleRunBuilder
    /// Where the open page has the entries of the series.
    private(set) var places: [Int] = []

    init(type: ValueType) {
        self.type = type
        builder = SampleRunBuilder(type: type)
    }

    /// Whether a series is short enough to share a block.
    static func takes(_ run: SampleRun) -> Bool {
        run.count <= FormatLimits.sharedSamples && run.textBytes <= FormatLimits.sharedTextBytes
    }

    /// Whether a series fits in.
    func hasRoom(for run: SampleRun) -> Bool {
        builder.count + run.count <= FormatLimits.blockSamples
            && builder.textBytes + run.textBytes <= FormatLimits.sharedTextBytes
    }

    /// Adds the samples of the series whose entry is at `place`.
    mutating func append(_ run: SampleRun, place: Int) {
        builder.append(run, 0..<run.count)
        places.append(place)
    }

    /// Its bytes and how many samples they hold.
    mutating func encode(effort: Effort) -> (times: [UInt8], block: [UInt8], samples: Int) {
        let run = builder.finish()
        let range = 0..<run.count
        return (
            BlockCodec.encodeTimes(run, range, effort: effort),
            BlockCodec.encodeBlock(run, range, type: type, effort: effort), run.count
        )
    }
}
