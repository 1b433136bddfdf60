// MeasurepointParser.swift — the payload of `integration.measurepoint.post`, read in one pass over its bytes.
//
//     {"id":"1","version":"1.0","method":"integration.measurepoint.post",
//      "params":[{"deviceKey":"d","measurepoints":{"p":1.5,"q":{"value":2,"quality":9}},"time":1700000000000}]}
//
// The order of members does not decide which failure is answered: broken JSON comes first, then members that are
// missing, repeated or of the wrong type, then the method, then the first item that is wrong.
//
// Invariants:
// - No payload traps, and every payload has a result.
// - A member with an unknown name is passed over; the parser checks only its grammar and that it comes once.

import VarveModel
import VarveText

/// What a message is.
struct ParsedMessage {
    /// Where its id is in the payload, if there is a usable one.
    var id: Range<Int>?
    /// The rows, or why there are none.
    var result: Result<MessageContent, RequestFailure>
}

/// A message that can be stored.
struct MessageContent {
    var batch: SampleBatch
    /// Readings without a value and without a quality.
    var skipped: Int
    /// The number of its items.
    var items: Int
    /// What is odd about it, in words.
    var note: String?

    /// The device of all samples; nil if there are several devices or no samples.
    var device: String? {
        guard let first = batch.series.first?.key.device else { return nil }
        for series in batch.series where !series.key.device.sameBytes(as: first) { return nil }
        return first
    }
}

/// Reads payloads, one at a time; `points` is the cache of the product that they are for.
struct MeasurepointParser: ~Copyable {
    /// The members of the envelope that are read; the raw value is the bit in `seen`.
    private enum Member: UInt8 {
        case id
        case method
        case params
    }

    /// What the envelope holds and what is wrong with it.
    private struct Envelope {
        var seen: UInt8 = 0
        var id: Range<Int>?
        var shape: RequestFailure?
        var method: RequestFailure?
        var items: RequestFailure?
    }

    /// The longest id that is echoed, in bytes.
    static let maximumIDBytes = 1024
    private static let method: StaticString = "integration.measurepoint.post"

    let directory: any PointDirectory
    /// The points of the product that the next payload is for.
    var points = ProductPoints(product: "")
    var rows = MessageRows()
    var decoded = DecodedText()
    var notes = MessageNotes()
    var ignored = IgnoredNames()

    init(directory: any PointDirectory) {
        self.directory = directory
    }

    /// Reads a payload that is not empty.
    ///
    /// - Parameters:
    ///   - payload: The payload; it must be below 4 GiB, as offsets inside it have 32 bits.
    ///   - arrival: The time of items that have no time, in nanoseconds since 1970.
    /// - Throws: What the directory throws. A bad payload does not throw: it is a failed result.
    mutating func parse(_ payload: UnsafeRawBufferPointer, arrival: Int64) throws -> ParsedMessage {
        guard let base = payload.baseAddress?.assumingMemoryBound(to: UInt8.self) else {
            return ParsedMessage(id: nil, result: .failure(RequestFailure(.empty, "the payload is empty")))
        }
        rows.removeAll()
        notes.removeAll()
        var envelope = Envelope()
        var scanner = JSONScanner(base: base, count: payload.count)
        do {
            try readEnvelope(&scanner, &envelope, arrival: arrival)
        } catch let failure as JSONFailure {
            envelope.shape = RequestFailure(.malformed, "the payload \(failure.description)")
        }
        if let failure = envelope.shape ?? envelope.method ?? envelope.items {
            return ParsedMessage(id: envelope.id, result: .failure(failure))
        }
        // With arrival times each delivery is a message of its own, never a replay of another.
        let batch = SampleBatch(series: rows.grouped(points), reapply: notes.arrivals > 0)
        notes.skipped = rows.skipped
        return ParsedMessage(
            id: envelope.id,
            result: .success(
                MessageContent(batch: batch, skipped: rows.skipped, items: rows.item, note: notes.text)))
    }

    private mutating func readEnvelope(
        _ scanner: inout JSONScanner, _ envelope: inout Envelope, arrival: Int64
    ) throws {
        scanner.skipWhitespace()
        guard scanner.current == UInt8(ascii: "{") else {
            try scanner.skipValue()
            envelope.shape = RequestFailure(.malformed, "the payload is not a JSON object")
            return try expectEnd(&scanner)
        }
        ignored.removeAll()
        var hasMember = try scanner.enterObject()
        while hasMember {
            let token = try scanner.memberName()
            let name = decoded.text(scanner, token)
            if let member = Self.member(name) {
                if envelope.seen & 1 << member.rawValue != 0 {
                    envelope.shape = envelope.shape ?? Self.repeated(Excerpt.of(name), in: "the payload")
                    try scanner.skipValue(depth: 1)
                } else {
                    envelope.seen |= 1 << member.rawValue
                    try read(member, &scanner, &envelope, arrival: arrival)
                }
            } else {
                if !ignored.insert(name) {
                    envelope.shape = envelope.shape ?? Self.repeated(Excerpt.of(name), in: "the payload")
                }
                try scanner.skipValue(depth: 1)
            }
            hasMember = try scanner.nextMember()
        }
        try expectEnd(&scanner)
        for (member, name) in [(Member.method, "method"), (.params, "params")]
        where envelope.seen & 1 << member.rawValue == 0 {
            envelope.shape = envelope.shape ?? RequestFailure(.malformed, "the payload has no \(name)")
        }
    }

    private mutating func read(
        _ member: Member, _ scanner: inout JSONScanner, _ envelope: inout Envelope, arrival: Int64
    ) throws {
        let start = scanner.position
        switch member {
        case .id:
            try scanner.skipValue(depth: 1)
            if RequestID.isUsable(scanner.base, start..<scanner.position) {
                envelope.id = start..<scanner.position
            } else {
                envelope.shape =
                    envelope.shape
                    ?? RequestFailure(
                        .malformed,
                        "id is neither a string nor a number of at most \(Self.maximumIDBytes) bytes")
            }
        case .method: try readMethod(&scanner, &envelope)
        case .params:
            do {
                try readItems(&scanner, arrival: arrival)
            } catch let failure as RequestFailure {
                // The rest must still be passed: the id may follow, and broken JSON outranks a wrong item.
                envelope.items = failure
                scanner.position = start
                try scanner.skipValue(depth: 1)
            }
        }
    }

    private mutating func readMethod(_ scanner: inout JSONScanner, _ envelope: inout Envelope) throws {
        guard scanner.current == UInt8(ascii: "\"") else {
            try scanner.skipValue(depth: 1)
            envelope.shape = envelope.shape ?? RequestFailure(.malformed, "method is not a string")
            return
        }
        let token = try scanner.skipString()
        let name = decoded.text(scanner, token)
        guard !name.equals(Self.method) else { return }
        envelope.method = RequestFailure(
            .wrongMethod,
            "the method \(Excerpt.of(name)) does not belong to this topic; it takes \(Self.method)")
    }

    private func expectEnd(_ scanner: inout JSONScanner) throws {
        scanner.skipWhitespace()
        guard scanner.position == scanner.count else { throw scanner.malformed }
    }

    private static func member(_ name: UnsafeBufferPointer<UInt8>) -> Member? {
        if name.equals("params") { return .params }
        if name.equals("method") { return .method }
        return name.equals("id") ? .id : nil
    }

    /// The failure of an object that has a member twice.
    static func repeated(_ name: String, in place: String) -> RequestFailure {
        RequestFailure(.malformed, "\(place) has the member \(name) twice")
    }
}

/// The names of the members of one object that were passed over, to find those that come twice.
struct IgnoredNames {
    private var names: Set<[UInt8]> = []

    /// Forgets all names.
    @inline(__always)
    mutating func removeAll() {
        if !names.isEmpty { names.removeAll() }
    }

    /// Adds a name; false if it was there already.
    mutating func insert(_ name: UnsafeBufferPointer<UInt8>) -> Bool { names.insert(Array(name)).inserted }
}

extension UnsafeBufferPointer<UInt8> {
    /// Whether the bytes are those of a word.
    @inline(__always)
    func equals(_ word: StaticString) -> Bool {
        guard count == word.utf8CodeUnitCount, let baseAddress else { return false }
        return Bytes.equal(baseAddress, word.utf8Start, count)
    }
}
