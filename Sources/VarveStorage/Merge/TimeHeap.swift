// TimeHeap.swift — a binary heap that gives the source with the earliest time.
//
// Invariants:
// - The first place has the earliest time. No place is later than the two below it.

struct TimeHeap {
    private var places: [(time: Int64, source: Int32)] = []

    /// The source with the earliest time.
    var first: Int? { places.first.map { Int($0.source) } }

    /// The earliest time of the other sources.
    var second: Int64? {
        switch places.count {
        case ...1: nil
        case 2: places[1].time
        default: min(places[1].time, places[2].time)
        }
    }

    mutating func insert(_ time: Int64, source: Int) {
        var place = places.count
        places.append((time, Int32(truncatingIfNeeded: source)))
        while place > 0, places[place].time < places[(place - 1) / 2].time {
            places.swapAt(place, (place - 1) / 2)
            place = (place - 1) / 2
        }
    }

    /// Sets the new time of the first source.
    mutating func replaceFirst(_ time: Int64) {
        places[0].time = time
        sink()
    }

    mutating func removeFirst() {
        let last = places.removeLast()
        guard !places.isEmpty else { return }
        places[0] = last
        sink()
    }

    private mutating func sink() {
        places.withUnsafeMutableBufferPointer { places in
            let moved = places[0]
            var place = 0
            while true {
                var child = 2 * place + 1
                guard child < places.count else { break }
                if child + 1 < places.count, places[child + 1].time < places[child].time { child += 1 }
                guard places[child].time < moved.time else { break }
                places[place] = places[child]
                place = child
            }
            places[place] = moved
        }
    }
}
