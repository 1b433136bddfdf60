// MeasurementParser.swift — `integration.measurepoint.post`: a message as a batch of rows, or the reason against it.
//
// One pass over the bytes. Where `params` stands before `method`, or an item names its device after its points, the
// part is passed first and read when all is known.
//
// Invariants:
// - All or nothing: the first thing that is wrong refuses the message, and the reason names the item.
// - A payload that is not JSON is answered 1220, whatever else is wrong before the place.
// - The rows of items and points are in the order of the payload.

import VarveModel

/// A message that was read.
struct ParsedMessage {
    /// The `id` as it stands, for the reply; nil if there is none.
    var id: Range<Int>?
    /// The rows, or why there are none.
    var result: Result<SampleBatch, MessageFault>
    /// How many rows the batch has.
    var rows: Int
}

/// Reads messages; keeps its buffers between them.
struct MeasurementParser {
    private static let method: StaticString = "integration.measurepoint.post"
    private var rows = RowList()
    private var values = PointValueParser()
    /// For each slot the item that used it last: a point that stands twice in an item is a repeated key.
    private var lastItems: [UInt64] = []
    private var item: UInt64 = 0
    private var table: ObjectIdentifier?

    /// Reads a payload.
    ///
    /// - Parameters:
    ///   - payload: The bytes.
    ///   - points: The points of the product.
    ///   - arrival: The time of rows without one, in ns since 1970 UTC.
    /// - Throws: What the directory throws.
    mutating func read(
        _ payload: UnsafeRawBufferPointer, _ points: PointTable, arrival: Int64
    ) throws -> ParsedMessage {
        if table != ObjectIdentifier(points) {
            table = ObjectIdentifier(points)
            rows.forgetSlots()
            lastItems.removeAll(keepingCapacity: true)
        }
        rows.begin()
        guard let base = payload.bindMemory(to: UInt8.self).baseAddress, !payload.isEmpty else {
            return ParsedMessage(
                id: nil, result: .failure(MessageFault(.empty, "the payload is empty")), rows: 0)
        }
        var scanner = JSONScanner(base: base, count: payload.count)
        var envelope = Envelope()
        do {
            try message(&scanner, &envelope, points, arrival)
            return ParsedMessage(
                id: envelope.id, result: .success(rows.batch(points.points)), rows: rows.count)
        } catch let fault as MessageFault {
            // A fault in the content stands only in a payload that is JSON to its end.
            let (complete, failure) = Envelope.scan(base, payload.count)
            let fault = failure.map(Self.malformed) ?? fault
            return ParsedMessage(id: complete.id, result: .failure(fault), rows: 0)
        } catch let failure as JSONFailure {
            return ParsedMessage(id: envelope.id, result: .failure(Self.malformed(failure)), rows: 0)
        }
    }

    /// The `id` of a payload, as far as it can be read; for payloads that are not parsed.
    static func id(of payload: UnsafeRawBufferPointer) -> Range<Int>? {
        guard let base = payload.bindMemory(to: UInt8.self).baseAddress else { return nil }
        return Envelope.scan(base, payload.count).0.id
    }

    private static func malformed(_ failure: JSONFailure) -> MessageFault {
        MessageFault(.malformed, "the payload \(failure.description)")
    }

    private mutating func message(
        _ scanner: inout JSONScanner, _ envelope: inout Envelope, _ points: PointTable, _ arrival: Int64
    ) throws {
        scanner.skipWhitespace()
        guard scanner.current == 0x7B else {
            try scanner.skipValue()
            throw MessageFault(.malformed, "the payload is not a JSON object")
        }
        var later: JSONScanner?
        try scanner.forEachMember { scanner, name in
            guard scanner.isName(name, "params") else { return try envelope.take(&scanner, name) }
            if envelope.hasParams { throw JSONFailure.repeatedKey("params") }
            envelope.hasParams = true
            if envelope.method == nil {
                later = scanner
                return try scanner.skipValue(depth: 1)
            }
            try checkMethod(envelope, scanner)
            try items(&scanner, points, arrival)
        }
        scanner.skipWhitespace()
        guard scanner.position == scanner.count else { throw scanner.malformed }
        try checkMethod(envelope, scanner)
        guard envelope.hasParams else { throw MessageFault(.malformed, "the payload has no params") }
        if var later { try items(&later, points, arrival) }
    }

    private func checkMethod(_ envelope: Envelope, _ scanner: JSONScanner) throws {
        guard let method = envelope.method, scanner.isName(method, Self.method) else {
            throw MessageFault(.wrongMethod, "the method is not \(Self.method), which is that of the topic")
        }
    }

    private mutating func items(_ scanner: inout JSONScanner, _ points: PointTable, _ arrival: Int64) throws {
        guard scanner.current == 0x5B else { throw MessageFault(.malformed, "params is not an array") }
        try scanner.forEachElement { scanner, index in try readItem(&scanner, index, points, arrival) }
    }

    private mutating func readItem(
        _ scanner: inout JSONScanner, _ index: Int, _ points: PointTable, _ arrival: Int64
    ) throws {
        item += 1
        let start = rows.count
        guard scanner.current == 0x7B else { throw Self.wrong("params[\(index)]", "is not an object") }
        var device: JSONScanner.Name?
        var time: Int64?
        var hasTime = false
        var later: JSONScanner?
        var hasPoints = false
        try scanner.forEachMember { scanner, name in
            if scanner.isName(name, "deviceKey") {
                if device != nil { throw JSONFailure.repeatedKey("deviceKey") }
                guard scanner.current == 0x22 else {
                    throw Self.wrong("params[\(index)].deviceKey", "is not a string")
                }
                device = try scanner.skipString()
            } else if scanner.isName(name, "time") {
                if hasTime { throw JSONFailure.repeatedKey("time") }
                hasTime = true
                time = try readTime(&scanner, index)
            } else if scanner.isName(name, "measurepoints") {
                if hasPoints { throw JSONFailure.repeatedKey("measurepoints") }
                hasPoints = true
                guard scanner.current == 0x7B else {
                    throw Self.wrong("params[\(index)].measurepoints", "is not an object")
                }
                if let device { return try readPoints(&scanner, index, device, points) }
                later = scanner
                try scanner.skipValue(depth: 3)
            } else {
                try scanner.skipValue(depth: 3)
            }
        }
        guard let device else { throw Self.wrong("params[\(index)]", "has no deviceKey") }
        guard hasPoints else { throw Self.wrong("params[\(index)]", "has no measurepoints") }
        if var later { try readPoints(&later, index, device, points) }
        rows.setTime(time ?? arrival, from: start)
    }

    private func readTime(_ scanner: inout JSONScanner, _ index: Int) throws -> Int64? {
        let start = scanner.position
        let first = scanner.current
        try scanner.skipValue(depth: 3)
        if first == 0x6E { return nil }
        guard first == 0x2D || first &- 0x30 < 10 else {
            throw Self.wrong("params[\(index)].time", "is not a number")
        }
        guard let time = MillisecondText.nanoseconds(scanner.base + start, scanner.position - start) else {
            throw MessageFault(
                .modelMismatch,
                "params[\(index)].time is no time in milliseconds from 1677 to 2262 with at most 6 decimals")
        }
        return time
    }

    private mutating func readPoints(
        _ scanner: inout JSONScanner, _ index: Int, _ device: JSONScanner.Name, _ points: PointTable
    ) throws {
        let place = scanner
        var scratch: [UInt8] = []
        try place.withText(of: device, &scratch) { device in
            var known = points.device(device)
            var isEmpty = true
            try scanner.forEachMember { scanner, name in
                isEmpty = false
                let slot = try slot(scanner, index, device, &known, name, points)
                while lastItems.count <= slot { lastItems.append(0) }
                if lastItems[slot] == item {
                    throw JSONFailure.repeatedKey(points.points[slot].key.point)
                }
                lastItems[slot] = item
                if let reason = try values.read(&scanner, slot, points.points[slot].type, &rows) {
                    let point = points.points[slot]
                    throw MessageFault(
                        .modelMismatch,
                        "params[\(index)].measurepoints.\(point.key.point) of device \(point.key.device) does not fit the model, where it is \(point.type.name): \(reason)",
                        device: point.key.device)
                }
            }
            if isEmpty, known == nil, try !points.hasDevice(device) {
                throw Self.unknownDevice(index, device)
            }
        }
    }

    private mutating func slot(
        _ scanner: JSONScanner, _ index: Int, _ device: UnsafeRawBufferPointer, _ known: inout Int?,
        _ name: JSONScanner.Name, _ points: PointTable
    ) throws -> Int {
        var scratch: [UInt8] = []
        return try scanner.withText(of: name, &scratch) { point in
            switch try points.slot(device, &known, point) {
            case .success(let slot): return slot
            case .failure(let unknown):
                guard unknown.name == .point else { throw Self.unknownDevice(index, device) }
                let device = Self.shown(device)
                throw MessageFault(
                    .modelMismatch,
                    "params[\(index)]: the model of device \(device) has no point \(Self.shown(point))",
                    device: device)
            }
        }
    }

    private static func unknownDevice(_ index: Int, _ device: UnsafeRawBufferPointer) -> MessageFault {
        let device = shown(device)
        return MessageFault(
            .unknownDevice, "params[\(index)]: there is no device \(device) in this product", device: device)
    }

    private static func wrong(_ place: String, _ reason: String) -> MessageFault {
        MessageFault(.malformed, "\(place) \(reason)")
    }

    /// A name from outside, cut so that a reply stays short.
    private static func shown(_ name: UnsafeRawBufferPointer) -> String {
        String(String(decoding: name.prefix(512), as: UTF8.self).prefix(80))
    }
}
