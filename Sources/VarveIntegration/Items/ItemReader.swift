// ItemReader.swift — the items of `params`: a device, its values and their time.
//
// A fault of an item does not end the reading: the faults of all items are collected. Only broken JSON, a product that
// does not exist, and too many faults end it.
//
// Invariants:
// - If the cache knows a device and a point, they are resolved without making a string.
// - The rows of an item get their time at the item's end: `time` mostly comes after the values.
// - A value that is at fault has no row.

import VarveModel
import VarveText

/// Reads the items of one message after the other; `points` is the cache of the product that they are for.
struct ItemReader: ~Copyable {
    /// The members of an item; the raw value is the bit in `seen`.
    fileprivate enum Member: UInt8 {
        case productKey
        case deviceKey
        case content
        case time
    }

    /// The item that is being read.
    struct Item {
        /// Its place in `params`; nil if `params` is the item.
        var index: Int?
        /// The device's number in the cache, or -1.
        var device = -1
        /// Where the device's name is in the payload; nil if it is not known yet, or is that of the topic.
        var name: (content: Range<Int>, isEscaped: Bool)?
        /// Whether the device is that of the topic.
        var isOfTopic = false
        fileprivate var seen: UInt8 = 0

        fileprivate func has(_ member: Member) -> Bool { seen & 1 << member.rawValue != 0 }

        /// The beginning of every message about the item.
        var place: String { index.map { "params[\($0)]" } ?? "params" }
    }

    /// There are so many faults that no more are looked for.
    struct TooManyFaults: Error {}

    let directory: any PointDirectory
    /// The points of the product that the next payload is for.
    var points = ProductPoints(product: "")
    var rows = MessageRows()
    var decoded = DecodedText()
    var notes = MessageNotes()
    /// The faults of the items that were read.
    var errors = ItemErrors()
    /// What the message is.
    private(set) var form = RequestForm.measurepoints
    /// The device of the topic; empty if the topic has none.
    private(set) var topicDevice = ""
    /// The attributes of the message that were read.
    var attributes = 0
    /// The points that the model lacks, with its name, as far as the message has named them.
    var unknownPoints: [Name: String] = [:]
    /// Names of this message that the directory would not declare, and why.
    var declinedNames: [Name: String] = [:]
    /// How often the directory had no answer.
    var failedLookUps = 0
    private var ignored = IgnoredNames()

    init(directory: any PointDirectory) {
        self.directory = directory
    }

    /// Forgets the last message.
    mutating func begin(_ form: RequestForm, topicDevice: String) {
        self.form = form
        self.topicDevice = topicDevice
        rows.removeAll()
        notes.removeAll()
        errors.removeAll()
        attributes = 0
        failedLookUps = 0
        if !unknownPoints.isEmpty { unknownPoints.removeAll() }
        if !declinedNames.isEmpty { declinedNames.removeAll() }
    }

    /// Reads `params` into `rows` and `errors`.
    ///
    /// - Throws: `RequestFailure` if it is not what the form has or there is no such product, `TooManyFaults`,
    ///   `JSONFailure`, or what the directory throws.
    mutating func readParams(_ scanner: inout JSONScanner, arrival: Int64) throws {
        guard form.hasItems else {
            guard scanner.current == UInt8(ascii: "{") else {
                throw RequestFailure(.malformed, "params is not an object")
            }
            return try readElement(&scanner, nil, arrival: arrival)
        }
        guard scanner.current == UInt8(ascii: "[") else {
            throw RequestFailure(.malformed, "params is not an array")
        }
        var index = 0
        var hasElement = try scanner.enterArray()
        while hasElement {
            try readElement(&scanner, index, arrival: arrival)
            index += 1
            hasElement = try scanner.nextElement()
        }
    }

    /// Reads an item; if it has a fault, that is noted, and the item is passed over.
    private mutating func readElement(
        _ scanner: inout JSONScanner, _ index: Int?, arrival: Int64
    ) throws {
        var item = Item(index: index)
        let start = scanner.position
        do {
            try readItem(&scanner, &item, arrival: arrival)
        } catch let failure as RequestFailure where failure.code != .unknownTopic {
            try report(failure, scanner, item, point: nil)
            rows.endItem(time: arrival)
            scanner.position = start
            try scanner.skipValue(depth: 2)
        }
    }

    private mutating func readItem(
        _ scanner: inout JSONScanner, _ item: inout Item, arrival: Int64
    ) throws {
        guard scanner.current == UInt8(ascii: "{") else {
            throw RequestFailure(.malformed, "\(item.place) is not an object")
        }
        ignored.removeAll()
        if !form.namesDevices { takeDeviceOfTopic(&item) }
        var time: Int64?
        var postponed: Int?
        var hasMember = try scanner.enterObject()
        while hasMember {
            let token = try scanner.memberName()
            let name = decoded.text(scanner, token)
            let member = member(name)
            guard isNew(member, name, &item) else { throw Self.repeated(Excerpt.of(name), in: item.place) }
            switch member {
            case .productKey: try checkProduct(&scanner, item)
            case .deviceKey where item.isOfTopic: try checkDevice(&scanner, item)
            case .deviceKey: try readDevice(&scanner, &item)
            case .content where knowsDevice(item): try readContent(&scanner, &item)
            case .content:
                // The device is not known yet: the values are read at the end of the item.
                postponed = scanner.position
                try scanner.skipValue(depth: 3)
            case .time: time = try readTime(&scanner, item)
            case nil:
                notes.addIgnored(name)
                try scanner.skipValue(depth: 3)
            }
            hasMember = try scanner.nextMember()
        }
        try checkMembers(&item)
        if let postponed {
            let end = scanner.position
            scanner.position = postponed
            try readContent(&scanner, &item)
            scanner.position = end
        }
        if let time { notes.add(time: time) } else if form.hasTime { notes.addArrivalTime() }
        rows.endItem(time: time ?? arrival)
    }

    private func member(_ name: UnsafeBufferPointer<UInt8>) -> Member? {
        if name.equals("deviceKey") { return .deviceKey }
        if name.equals(form.content) { return .content }
        if name.equals("time") { return form.hasTime ? .time : nil }
        return name.equals("productKey") ? .productKey : nil
    }

    /// Marks a member as seen; false if it already was.
    private mutating func isNew(
        _ member: Member?, _ name: UnsafeBufferPointer<UInt8>, _ item: inout Item
    ) -> Bool {
        guard let member else { return ignored.insert(name) }
        let bit = UInt8(1) << member.rawValue
        defer { item.seen |= bit }
        return item.seen & bit == 0
    }

    /// Whether no later member can change which device the item is about.
    private func knowsDevice(_ item: Item) -> Bool {
        item.isOfTopic || item.has(.deviceKey) && (!form.namesProducts || item.has(.productKey))
    }

    /// Throws if a required member is missing; an item of neither product nor device is about the topic's device.
    private mutating func checkMembers(_ item: inout Item) throws {
        if !item.isOfTopic, !item.has(.deviceKey) {
            guard form.namesProducts, !item.has(.productKey) else {
                throw RequestFailure(.malformed, "\(item.place) has no deviceKey")
            }
            takeDeviceOfTopic(&item)
        }
        guard item.has(.content) else {
            throw RequestFailure(.malformed, "\(item.place) has no \(form.content)")
        }
    }

    private mutating func takeDeviceOfTopic(_ item: inout Item) {
        item.isOfTopic = true
        var name = topicDevice
        item.device = name.withUTF8 { points.devices.find($0) }
    }

    private mutating func readDevice(_ scanner: inout JSONScanner, _ item: inout Item) throws {
        guard scanner.current == UInt8(ascii: "\"") else {
            throw RequestFailure(.malformed, "the deviceKey of \(item.place) is not a string")
        }
        let name = try scanner.skipString()
        item.name = name
        item.device = points.devices.find(decoded.text(scanner, name))
    }

    /// Throws if an item that is about the device of the topic names another one.
    ///
    /// `null` names nothing.
    private func checkDevice(_ scanner: inout JSONScanner, _ item: Item) throws {
        if scanner.current == UInt8(ascii: "n") { return try scanner.skipValue(depth: 3) }
        guard scanner.current == UInt8(ascii: "\"") else {
            throw RequestFailure(.malformed, "the deviceKey of \(item.place) is not a string")
        }
        let name = try scanner.skipString()
        var bytes: [UInt8] = []
        scanner.appendText(of: name.content, to: &bytes)
        guard !topicDevice.utf8.elementsEqual(bytes) else { return }
        throw RequestFailure(
            .malformed,
            "\(item.place): the deviceKey \(bytes.withUnsafeBufferPointer { Excerpt.of($0) }) is not that of the topic, "
                + "\(topicDevice.excerpt); send each device on a topic of its own")
    }

    /// Throws if an item names another product than the topic.
    ///
    /// `null` names nothing, except in a batch, where the product decides whether the item is of the topic's device.
    private mutating func checkProduct(_ scanner: inout JSONScanner, _ item: Item) throws {
        if !form.namesProducts, scanner.current == UInt8(ascii: "n") {
            return try scanner.skipValue(depth: 3)
        }
        guard scanner.current == UInt8(ascii: "\"") else {
            throw RequestFailure(.malformed, "the productKey of \(item.place) is not a string")
        }
        let name = decoded.text(scanner, try scanner.skipString())
        guard !points.product.utf8.elementsEqual(name) else { return }
        throw RequestFailure(
            form.namesProducts ? .noSubDevice : .malformed,
            "\(item.place): the productKey \(Excerpt.of(name)) is not that of the topic, "
                + "\(points.product.excerpt); send its devices with a login of their product")
    }

    private mutating func readContent(_ scanner: inout JSONScanner, _ item: inout Item) throws {
        guard scanner.current == UInt8(ascii: "{") else {
            throw RequestFailure(.malformed, "\(form.content) of \(item.place) is not an object")
        }
        if form.prefix == nil { try readPoints(&scanner, &item) } else { try readDocuments(&scanner, &item) }
    }

    /// Notes a fault of an item.
    ///
    /// Broken JSON is thrown instead.
    ///
    /// - Throws: `TooManyFaults`.
    mutating func report(
        _ failure: RequestFailure, _ scanner: JSONScanner, _ item: Item, point: String?
    ) throws {
        let isNamed = item.name != nil || item.isOfTopic
        errors.add(
            ItemErrors.Entry(
                index: item.index ?? 0, device: isNamed ? deviceName(scanner, item).excerpt : nil,
                point: point,
                code: failure.code == .malformed ? form.formatCode : failure.code, reason: failure.message))
        if errors.isFull { throw TooManyFaults() }
    }

    /// The name of the item's device.
    mutating func deviceName(_ scanner: JSONScanner, _ item: Item) -> String {
        if item.device >= 0 { return points.devices.strings[item.device] }
        guard let name = item.name else { return item.isOfTopic ? topicDevice : "" }
        var bytes: [UInt8] = []
        scanner.appendText(of: name.content, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The failure of an object that has a member twice.
    static func repeated(_ name: String, in place: String) -> RequestFailure {
        RequestFailure(.malformed, "\(place) has the member \(name) twice")
    }
}

extension String {
    /// The text as a reason shows it: short and printable.
    var excerpt: String {
        var copy = self
        return copy.withUTF8 { Excerpt.of($0) }
    }
}
