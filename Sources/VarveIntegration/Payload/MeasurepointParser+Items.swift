// MeasurepointParser+Items.swift — the items of `params`: a device, its readings and their time.
//
// Invariants:
// - If the cache knows a device and a point, they are resolved without making a string.
// - The rows of an item get their time at the item's end: `time` mostly comes after the readings.

import VarveModel
import VarveText

extension MeasurepointParser {
    /// The members of an item; the raw value is the bit in `seen`.
    private enum Member: UInt8 {
        case deviceKey
        case measurepoints
        case time
    }

    /// The item that is being read.
    struct Item {
        var index: Int
        /// The device's number in the cache, or -1.
        var device = -1
        /// Where the device's name is in the payload.
        var name: (content: Range<Int>, isEscaped: Bool) = (0..<0, false)
        fileprivate var seen: UInt8 = 0

        /// The beginning of every message about the item.
        var place: String { "params[\(index)]" }
    }

    /// Reads the array of items into `rows`.
    ///
    /// - Throws: `RequestFailure` for the first item that is wrong, `JSONFailure`, or what the directory throws.
    mutating func readItems(_ scanner: inout JSONScanner, arrival: Int64) throws {
        guard scanner.current == UInt8(ascii: "[") else {
            throw RequestFailure(.malformed, "params is not an array")
        }
        var index = 0
        var hasElement = try scanner.enterArray()
        while hasElement {
            try readItem(&scanner, index, arrival: arrival)
            index += 1
            hasElement = try scanner.nextElement()
        }
    }

    private mutating func readItem(_ scanner: inout JSONScanner, _ index: Int, arrival: Int64) throws {
        var item = Item(index: index)
        guard scanner.current == UInt8(ascii: "{") else {
            throw RequestFailure(.malformed, "\(item.place) is not an object")
        }
        ignored.removeAll()
        var time: Int64?
        var postponed: Int?
        var hasMember = try scanner.enterObject()
        while hasMember {
            let token = try scanner.memberName()
            let name = decoded.text(scanner, token)
            let member = Self.member(name)
            guard isNew(member, name, &item) else { throw Self.repeated(Excerpt.of(name), in: item.place) }
            switch member {
            case .deviceKey: try readDevice(&scanner, &item)
            case .measurepoints where item.seen & 1 << Member.deviceKey.rawValue != 0:
                try readPoints(&scanner, &item)
            case .measurepoints:
                // The device is not known yet: the readings are read at the end of the item.
                postponed = scanner.position
                try scanner.skipValue(depth: 3)
            case .time: time = try readTime(&scanner, item)
            case nil:
                notes.addIgnored(name)
                try scanner.skipValue(depth: 3)
            }
            hasMember = try scanner.nextMember()
        }
        for (member, name) in [(Member.deviceKey, "deviceKey"), (.measurepoints, "measurepoints")]
        where item.seen & 1 << member.rawValue == 0 {
            throw RequestFailure(.malformed, "\(item.place) has no \(name)")
        }
        if let postponed {
            let end = scanner.position
            scanner.position = postponed
            try readPoints(&scanner, &item)
            scanner.position = end
        }
        if let time { notes.add(time: time) } else { notes.addArrivalTime() }
        rows.endItem(time: time ?? arrival)
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

    private static func member(_ name: UnsafeBufferPointer<UInt8>) -> Member? {
        if name.equals("deviceKey") { return .deviceKey }
        if name.equals("measurepoints") { return .measurepoints }
        return name.equals("time") ? .time : nil
    }

    private mutating func readDevice(_ scanner: inout JSONScanner, _ item: inout Item) throws {
        guard scanner.current == UInt8(ascii: "\"") else {
            throw RequestFailure(.malformed, "the deviceKey of \(item.place) is not a string")
        }
        item.name = try scanner.skipString()
        item.device = points.devices.find(decoded.text(scanner, item.name))
    }

    private func readTime(_ scanner: inout JSONScanner, _ item: Item) throws -> Int64 {
        let start = scanner.position
        try scanner.skipValue(depth: 3)
        let count = scanner.position - start
        let text = UnsafeBufferPointer(start: scanner.base + start, count: count)
        guard text[0] == UInt8(ascii: "-") || text[0] &- UInt8(ascii: "0") < 10 else {
            let hint = text[0] == UInt8(ascii: "\"") ? ": send it without quotes" : ""
            throw RequestFailure(
                .malformed,
                "the time of \(item.place), \(Excerpt.of(text)), is not a number of milliseconds\(hint)")
        }
        guard let time = NumberText.int64(scanner.base + start, count, scale: 6) else {
            throw RequestFailure(
                .malformed,
                "the time of \(item.place), \(Excerpt.of(text)), is not within the years 1677 to 2262 in "
                    + "milliseconds with at most 6 decimals")
        }
        return time
    }

    private mutating func readPoints(_ scanner: inout JSONScanner, _ item: inout Item) throws {
        guard scanner.current == UInt8(ascii: "{") else {
            throw RequestFailure(.malformed, "measurepoints of \(item.place) is not an object")
        }
        var hasMember = try scanner.enterObject()
        if !hasMember, item.device < 0 { try checkDevice(scanner, item) }
        while hasMember {
            let token = try scanner.memberName()
            let name = decoded.text(scanner, token)
            let number = points.points.find(name)
            var series = ProductPoints.seriesNumber(device: item.device, point: number)
            var cell = item.device >= 0 && number >= 0 ? points.find(series) : nil
            if cell == nil {
                series = try resolve(scanner, &item, name)
                cell = points.find(series)
            }
            guard let cell, let slot = rows.slot(for: cell, series: series) else {
                throw Self.repeated(pointName(series), in: "measurepoints of \(item.place)")
            }
            try readValue(&scanner, cell.pointee.type, slot, item, series)
            hasMember = try scanner.nextMember()
        }
    }

    /// Asks the directory for a point that the cache does not know, and adds it to the cache.
    @inline(never)
    private mutating func resolve(
        _ scanner: JSONScanner, _ item: inout Item, _ name: UnsafeBufferPointer<UInt8>
    ) throws -> UInt64 {
        let point = String(decoding: name, as: UTF8.self)
        let device = deviceName(scanner, item)
        let found = try lookUp(device, point, item)
        if item.device < 0 { item.device = points.devices.add(device) }
        var number = points.points.find(name)
        if number < 0 { number = points.points.add(point) }
        let series = ProductPoints.seriesNumber(device: item.device, point: number)
        points.add(series, found)
        return series
    }

    /// Throws if the device of an item without readings does not exist.
    private mutating func checkDevice(_ scanner: JSONScanner, _ item: Item) throws {
        do {
            _ = try lookUp(deviceName(scanner, item), "", item)
        } catch let failure as RequestFailure where failure.code == .modelMismatch {
            return
        }
    }

    private func lookUp(_ device: String, _ point: String, _ item: Item) throws -> RegisteredPoint {
        let answer = try directory.lookUp(product: points.product, device: device, point: point)
        switch answer {
        case .found(let point), .notStored(let point): return point
        case .unknownProduct(let product):
            throw RequestFailure(.unknownTopic, "there is no product \(product.excerpt)")
        case .unknownDevice, .ambiguousDevice:
            throw RequestFailure(
                .unknownDevice,
                "\(item.place): product \(points.product.excerpt) has no device \(device.excerpt)",
                device: device.excerpt)
        case .unknownPoint(_, _, let model):
            throw RequestFailure(
                .modelMismatch,
                "\(item.place), device \(device.excerpt): model \(model.excerpt) has no point \(point.excerpt)",
                device: device.excerpt)
        }
    }

    /// The name of the item's device.
    mutating func deviceName(_ scanner: JSONScanner, _ item: Item) -> String {
        if item.device >= 0 { return points.devices.strings[item.device] }
        var bytes: [UInt8] = []
        scanner.appendText(of: item.name.content, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The name of a point, as a reason shows it.
    func pointName(_ series: UInt64) -> String { points.key(of: series).point.excerpt }
}

extension String {
    /// The text as a reason shows it: short and printable.
    var excerpt: String {
        var copy = self
        return copy.withUTF8 { Excerpt.of($0) }
    }
}
