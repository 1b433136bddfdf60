// RequestParser.swift — the envelope of a payload, read in one pass over its bytes.
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
    /// The rows, or the reason why the message is refused.
    var result: Result<MessageContent, RequestFailure>
    /// What is wrong with the items: why there are no rows, or the readings that were left out.
    var errors = ItemErrors()
}

/// A message that can be stored.
struct MessageContent {
    var batch: SampleBatch
    /// Readings without a value and without a quality, or of a point that the policy does not store.
    var skipped: Int
    /// Those of `skipped` that the policy does not store.
    var notStored: Int
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

/// Reads payloads, one at a time.
struct RequestParser: ~Copyable {
    /// The members of the envelope that are read; the raw value is the bit in `seen`.
    private enum Member: UInt8 {
        case id
        case version
        case method
        case params
        case allowsOffline
        case skipsInvalid
    }

    /// What the envelope holds and what is wrong with it.
    private struct Envelope {
        var seen: UInt8 = 0
        var id: Range<Int>?
        var shape: RequestFailure?
        var method: RequestFailure?
        var params: RequestFailure?
        var skipsInvalid = false
        var hasTooManyFaults = false
    }

    /// The longest id that is echoed, in bytes.
    static let maximumIDBytes = 1024

    /// Reads the items, and knows the points of the product that the next payload is for.
    var items: ItemReader
    private var ignored = IgnoredNames()

    init(directory: any PointDirectory) {
        items = ItemReader(directory: directory)
    }

    /// Reads a payload that is not empty.
    ///
    /// - Parameters:
    ///   - payload: The payload; it must be below 4 GiB, as offsets inside it have 32 bits.
    ///   - form: What the topic takes.
    ///   - device: The device of the topic, if it has one.
    ///   - arrival: The time of items that have no time, in nanoseconds since 1970.
    /// - Throws: What the directory throws. A bad payload does not throw: it is a failed result.
    mutating func parse(
        _ payload: UnsafeRawBufferPointer, as form: RequestForm, device: String?, arrival: Int64
    ) throws -> ParsedMessage {
        guard let base = payload.baseAddress?.assumingMemoryBound(to: UInt8.self) else {
            return ParsedMessage(id: nil, result: .failure(RequestFailure(.empty, "the payload is empty")))
        }
        items.begin(form, topicDevice: device ?? "")
        var envelope = Envelope()
        var scanner = JSONScanner(base: base, count: payload.count)
        do {
            try readEnvelope(&scanner, &envelope, arrival: arrival)
        } catch let failure as JSONFailure {
            envelope.shape = RequestFailure(.malformed, "the payload \(failure.description)")
        }
        if let failure = envelope.shape ?? envelope.method ?? envelope.params {
            return ParsedMessage(id: envelope.id, result: .failure(failure))
        }
        if let failure = itemFailure(envelope) {
            return ParsedMessage(id: envelope.id, result: .failure(failure), errors: items.errors)
        }
        return ParsedMessage(id: envelope.id, result: content(form), errors: items.errors)
    }

    /// The rows that were read, as the product's policy has them stored.
    private mutating func content(_ form: RequestForm) -> Result<MessageContent, RequestFailure> {
        var series = items.rows.grouped(items.points)
        var policy = PolicyStep()
        if !items.points.policies.isEmpty {
            do throws(RequestFailure) {
                series = try policy.apply(items.points.policies, to: series)
            } catch {
                return .failure(error)
            }
        }
        // With arrival times each delivery is a message of its own, never a replay of another.
        let hasOwnTimes = form.hasTime && items.notes.arrivals == 0
        let batch = SampleBatch(series: series, reapply: !hasOwnTimes, policyMark: policy.mark)
        items.notes.skipped = items.rows.skipped
        items.notes.notStored = policy.notStored
        let skipped = items.rows.skipped + policy.notStored
        return .success(
            MessageContent(
                batch: batch, skipped: skipped, notStored: policy.notStored, items: items.rows.item,
                note: items.notes.text))
    }

    /// The fault of the items that refuses the message, if one does.
    private func itemFailure(_ envelope: Envelope) -> RequestFailure? {
        guard let first = items.errors.entries.first else { return nil }
        guard envelope.skipsInvalid else { return RequestFailure(first) }
        if let fault = items.errors.firstOfItem { return RequestFailure(fault) }
        guard envelope.hasTooManyFaults else { return nil }
        var failure = RequestFailure(first)
        failure.message += "; there are too many invalid measurepoints to skip them"
        return failure
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
            let name = items.decoded.text(scanner, token)
            let member = member(name)
            let isNew = member.map { envelope.seen & 1 << $0.rawValue == 0 } ?? ignored.insert(name)
            if !isNew {
                envelope.shape = envelope.shape ?? ItemReader.repeated(Excerpt.of(name), in: "the payload")
            }
            if let member, isNew {
                envelope.seen |= 1 << member.rawValue
                try read(member, &scanner, &envelope, arrival: arrival)
            } else {
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
        switch member {
        case .params: try readParams(&scanner, &envelope, arrival: arrival)
        case .method: try readMethod(&scanner, &envelope)
        case .allowsOffline:
            // The sender is the gateway of what it sends, and is connected, so no device counts as offline.
            _ = try readSwitch("allowOfflineSubDevice", &scanner, &envelope)
        case .skipsInvalid:
            envelope.skipsInvalid = try readSwitch("skipInvalidMeasurepoints", &scanner, &envelope)
        case .id, .version:
            let start = scanner.position
            try scanner.skipValue(depth: 1)
            let value = start..<scanner.position
            if member == .version {
                let text = UnsafeBufferPointer(start: scanner.base + start, count: value.count)
                items.notes.add(version: text)
            } else if RequestID.isUsable(scanner.base, value) {
                envelope.id = value
            } else {
                let reason = "id is neither a string nor a number of at most \(Self.maximumIDBytes) bytes"
                envelope.shape = envelope.shape ?? RequestFailure(.malformed, reason)
            }
        }
    }

    private mutating func readParams(
        _ scanner: inout JSONScanner, _ envelope: inout Envelope, arrival: Int64
    ) throws {
        let start = scanner.position
        do {
            return try items.readParams(&scanner, arrival: arrival)
        } catch let failure as RequestFailure {
            envelope.params = failure
        } catch is ItemReader.TooManyFaults {
            envelope.hasTooManyFaults = true
        }
        // The rest must still be passed: the id may follow, and broken JSON outranks a wrong item.
        scanner.position = start
        try scanner.skipValue(depth: 1)
    }

    private mutating func readMethod(_ scanner: inout JSONScanner, _ envelope: inout Envelope) throws {
        guard scanner.current == UInt8(ascii: "\"") else {
            try scanner.skipValue(depth: 1)
            envelope.shape = envelope.shape ?? RequestFailure(.malformed, "method is not a string")
            return
        }
        let token = try scanner.skipString()
        let name = items.decoded.text(scanner, token)
        guard !name.equals(items.form.method) else { return }
        envelope.method = RequestFailure(
            .wrongMethod,
            "the method \(Excerpt.of(name)) does not belong to this topic; it takes \(items.form.method)")
    }

    /// Reads a truth value, which may be a text; an empty text is false, as the EnOS SDK for Python sends it.
    private func readSwitch(
        _ name: String, _ scanner: inout JSONScanner, _ envelope: inout Envelope
    ) throws -> Bool {
        let start = scanner.position
        try scanner.skipValue(depth: 1)
        let text = UnsafeBufferPointer(start: scanner.base + start, count: scanner.position - start)
        if text.equals("true") || text.equals("\"true\"") { return true }
        if text.equals("false") || text.equals("\"false\"") || text.equals("\"\"") { return false }
        let reason = "\(name) is \(Excerpt.of(text)), and it takes true or false"
        envelope.shape = envelope.shape ?? RequestFailure(.batchFormat, reason)
        return false
    }

    private func expectEnd(_ scanner: inout JSONScanner) throws {
        scanner.skipWhitespace()
        guard scanner.position == scanner.count else { throw scanner.malformed }
    }

    private func member(_ name: UnsafeBufferPointer<UInt8>) -> Member? {
        if name.equals("params") { return .params }
        if name.equals("method") { return .method }
        if name.equals("id") { return .id }
        if name.equals("version") { return .version }
        guard items.form == .resumeBatch else { return nil }
        if name.equals("allowOfflineSubDevice") { return .allowsOffline }
        return name.equals("skipInvalidMeasurepoints") ? .skipsInvalid : nil
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
