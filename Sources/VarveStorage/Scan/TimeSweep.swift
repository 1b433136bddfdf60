// TimeSweep.swift — cuts a range into pieces of time, each with the stretches that have samples in it.
//
// A piece with one stretch needs no merge. A piece with several stretches ends where the first of them ends, so a
// reader holds one stretch of each track at a time.
//
// Invariants:
// - Pieces follow each other in the given order, do not overlap, and lie in the range. Times of the range outside all
//   pieces have no samples.
// - A piece names every stretch that has a time in it, and at most one of each track.

import VarveModel

/// A pass over a range, piece by piece.
struct TimeSweep {
    /// A piece; both `first` and `last` are in it.
    struct Piece {
        var first: Int64
        var last: Int64
        /// One of its stretches, by its track and its index in the track.
        var part: (track: Int, index: Int)
        /// Its other stretches, in later tracks; mostly there are no others.
        var others: [(track: Int, index: Int)] = []
    }

    /// The stretches of a track in the order of the sweep.
    ///
    /// The sweep knows only one direction, so backwards all times are mirrored: ~time reverses the order without
    /// overflow.
    private struct Line {
        var spans: [(start: Int64, end: Int64)]
        var next = 0
    }

    private let isMirrored: Bool
    private var lines: [Line]
    private let end: Int64
    private var position: Int64
    private var isDone = false

    init(_ tracks: SourceTracks, first: Int64, last: Int64, order: TimeOrder) {
        isMirrored = order == .descending
        let mirror = isMirrored
        lines = tracks.tracks.map { track in
            Line(
                spans: mirror
                    ? track.reversed().map { (~$0.last, ~$0.first) } : track.map { ($0.first, $0.last) })
        }
        position = mirror ? ~last : first
        end = mirror ? ~first : last
    }

    /// The next piece, or nil at the end of the range.
    mutating func next() -> Piece? {
        guard !isDone else { return nil }
        if lines.count == 1 { return nextOfOnlyLine() }
        var start = Int64.max
        var isAny = false
        for line in lines.indices {
            while lines[line].next < lines[line].spans.count,
                lines[line].spans[lines[line].next].end < position
            {
                lines[line].next += 1
            }
            guard let span = span(line) else { continue }
            isAny = true
            start = min(start, max(position, span.start))
        }
        guard isAny, start <= end else {
            isDone = true
            return nil
        }
        var parts: [Int] = []
        let stop = stop(from: start, &parts)
        if stop == end || stop == .max { isDone = true } else { position = stop + 1 }
        var piece = piece(start, stop, parts[0])
        piece.others = parts.dropFirst().map(part)
        return piece
    }

    /// As `next`, for a range with one track, which is the usual case: each stretch is a piece, and nothing is allocated.
    private mutating func nextOfOnlyLine() -> Piece? {
        while lines[0].next < lines[0].spans.count, lines[0].spans[lines[0].next].end < position {
            lines[0].next += 1
        }
        guard let span = span(0), max(position, span.start) <= end else {
            isDone = true
            return nil
        }
        let stop = min(end, span.end)
        let piece = piece(max(position, span.start), stop, 0)
        if stop == end || stop == .max { isDone = true } else { position = stop + 1 }
        return piece
    }

    private func span(_ line: Int) -> (start: Int64, end: Int64)? {
        let line = lines[line]
        return line.next < line.spans.count ? line.spans[line.next] : nil
    }

    /// The end of the piece that starts at `start`; adds the lines with a part in it to `parts`.
    private func stop(from start: Int64, _ parts: inout [Int]) -> Int64 {
        var stop = end
        var nearest: Int64?
        for line in lines.indices {
            guard let span = span(line) else { continue }
            if span.start <= start {
                parts.append(line)
                stop = min(stop, span.end)
            } else {
                nearest = min(nearest ?? span.start, span.start)
            }
        }
        guard let nearest, nearest <= stop else { return stop }
        // A single stretch ends before another one begins. A piece of several stretches takes in others that begin
        // before its end.
        if parts.count == 1 { return nearest - 1 }
        for line in lines.indices {
            guard let span = span(line), span.start > start, span.start <= stop else { continue }
            parts.append(line)
            stop = min(stop, span.end)
        }
        return stop
    }

    /// A piece with one stretch, that of `line`.
    private func piece(_ start: Int64, _ stop: Int64, _ line: Int) -> Piece {
        Piece(first: isMirrored ? ~stop : start, last: isMirrored ? ~start : stop, part: part(line))
    }

    /// The stretch that a line is at.
    private func part(_ line: Int) -> (track: Int, index: Int) {
        let next = lines[line].next
        return (track: line, index: isMirrored ? lines[line].spans.count - 1 - next : next)
    }
}
