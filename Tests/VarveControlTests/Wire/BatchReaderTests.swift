// BatchReaderTests.swift — rows from any sender are accepted as announced, or refused without a trap.

import Testing
import VarveCodec
import VarveModel
import VarveTestSupport

@testable import VarveControl

@Suite struct BatchReaderTests {
    private func rows(_ batch: SampleBatch) throws -> [[UInt8]] {
        var frames: [[UInt8]] = []
        try BatchWriter.write(batch) { frames.append(Array($0.writer.bytes.dropFirst(5))) }
        return frames
    }

    /// Reads frames, and returns the batch if they are complete.
    private func read(_ frames: [[UInt8]], _ header: BatchHeader) throws -> SampleBatch? {
        var reader = BatchReader(header)
        for frame in frames {
            try frame.withUnsafeBytes { bytes in
                var bytes = ByteReader(bytes)
                try reader.add(&bytes)
            }
        }
        return reader.isComplete ? reader.finish() : nil
    }

    @Test("what was written is read, in frames of bounded size", arguments: 0..<20 as Range<UInt64>)
    func roundTrip(_ seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let rows = Int.random(in: 0...(seed % 5 == 0 ? 60_000 : 50), using: &random)
        let batch = Batches.mixed(rows: rows, seed: seed)
        let frames = try self.rows(batch)
        #expect(frames.allSatisfy { $0.count < 3 << 20 })
        let read = try #require(try read(frames, BatchHeader(batch, isAssessment: false)))
        #expect(read.equals(batch))
    }

    @Test("the mark of policies comes with the announcement, which is as before without one")
    func policyMark() throws {
        func bytes(_ mark: UInt64) throws -> [UInt8] {
            var batch = Batches.mixed(rows: 4, seed: 3)
            batch.policyMark = mark
            var writer = ByteWriter(capacity: 64)
            try BatchHeader(batch, isAssessment: false).write(to: &writer)
            return writer.bytes
        }
        let marked = try bytes(77)
        #expect(try marked.count == bytes(0).count + 8)
        try marked.withUnsafeBytes { bytes in
            var reader = ByteReader(bytes)
            let header = try BatchHeader(from: &reader)
            var batch = BatchReader(header)
            #expect(header.policyMark == 77 && batch.finish().policyMark == 77)
        }
    }

    @Test("a cut frame is an error or an incomplete batch, at every byte")
    func cut() throws {
        let batch = Batches.mixed(rows: 4, seed: 3)
        let header = try BatchHeader(batch, isAssessment: false)
        let bytes = try #require(try rows(batch).first)
        for count in 0..<bytes.count {
            let read = try? read([Array(bytes.prefix(count))], header)
            #expect(read == nil, "\(count) of \(bytes.count) bytes")
        }
    }

    @Test("a changed byte never traps and never gives columns that break their rules")
    func damaged() throws {
        let batch = Batches.mixed(rows: 6, seed: 4)
        let header = try BatchHeader(batch, isAssessment: false)
        let bytes = try #require(try rows(batch).first)
        for index in bytes.indices {
            for change in [0xFF, 0x80, 0x01] as [UInt8] {
                var changed = bytes
                changed[index] ^= change
                guard let read = try? read([changed], header) else { continue }
                for one in read.series { #expect(Self.keepsRules(one), "byte \(index) changed by \(change)") }
            }
        }
    }

    private static func keepsRules(_ one: SeriesRows) -> Bool {
        let columns = one.columns
        guard columns.states.count == columns.count, columns.values.count == columns.count else {
            return false
        }
        for row in 0..<columns.count {
            guard let state = SampleState(bits: columns.states[row]) else { return false }
            switch columns.values {
            case .bits(let bits):
                if one.type.isText || state.isMissing && bits[row] != 0 { return false }
                if one.type == .bool, bits[row] > 1 { return false }
            case .text(let text):
                let range = text.range(row)
                guard one.type.isText, range.upperBound <= text.bytes.count else { return false }
                if state.isMissing, !range.isEmpty { return false }
                if String(validating: text.bytes[range], as: UTF8.self) == nil { return false }
            }
        }
        return true
    }

    @Test("more rows, series or text than announced are refused")
    func beyondAnnouncement() throws {
        let batch = Batches.mixed(rows: 5, seed: 6)
        let frames = try rows(batch)
        let honest = try BatchHeader(batch, isAssessment: false)
        for change in [
            { (header: inout BatchHeader) in header.rows -= 1 }, { $0.series -= 1 }, { $0.textBytes -= 1 },
        ] as [(inout BatchHeader) -> Void] {
            var header = honest
            change(&header)
            #expect(throws: CodecError.self) { _ = try read(frames, header) }
        }
        var more = honest
        more.rows += 1
        #expect(try read(frames, more) == nil)
    }
}
