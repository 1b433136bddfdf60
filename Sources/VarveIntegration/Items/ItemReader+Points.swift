// ItemReader+Points.swift — the names of an item's values: points, events and attributes, found in the cache or the
// directory.
//
// Invariants:
// - Points and reserved names have tables of their own in the cache, so no message of readings reaches the series of an
//   event or an attribute.
// - For one message the directory is asked at most `maximumFailedLookUps` times in vain.

import VarveModel
import VarveText

extension ItemReader {
    /// The most attributes of a request.
    private static let maximumAttributes = 200
    /// How many questions of one message the directory may answer with no.
    private static let maximumFailedLookUps = 1000

    /// Reads an object of points and readings.
    mutating func readPoints(_ scanner: inout JSONScanner, _ item: inout Item) throws {
        var hasMember = try scanner.enterObject()
        if !hasMember, item.device < 0 { try checkDevice(scanner, item) }
        while hasMember {
            let token = try scanner.memberName()
            let name = decoded.text(scanner, token)
            let number = points.points.find(name)
            var series = ProductPoints.seriesNumber(device: item.device, point: number)
            var cell = item.device >= 0 && number >= 0 ? points.find(series) : nil
            if cell == nil, let found = try resolve(scanner, &item, name) {
                series = found
                cell = points.find(series)
            }
            if let cell {
                guard let slot = rows.slot(for: cell, series: series) else {
                    throw Self.repeated(pointName(series), in: "measurepoints of \(item.place)")
                }
                let start = scanner.position
                do {
                    try readValue(&scanner, cell.pointee.kind, slot, item, series)
                } catch let failure as RequestFailure {
                    try report(failure, scanner, item, point: pointName(series))
                    scanner.position = start
                    try scanner.skipValue(depth: 4)
                }
            } else {
                try scanner.skipValue(depth: 4)
            }
            hasMember = try scanner.nextMember()
        }
    }

    /// Reads an object of events or attributes.
    mutating func readDocuments(_ scanner: inout JSONScanner, _ item: inout Item) throws {
        var hasMember = try scanner.enterObject()
        if !hasMember, item.device < 0 { try checkDevice(scanner, item) }
        while hasMember {
            if form == .attributes { try countAttribute(scanner, item) }
            let token = try scanner.memberName()
            let name = decoded.text(scanner, token, after: form.prefix ?? "")
            let number = points.reserved.find(name)
            var series = ProductPoints.reservedNumber(device: item.device, name: number)
            var cell = item.device >= 0 && number >= 0 ? points.find(series) : nil
            if cell == nil, let found = try resolve(scanner, &item, name) {
                series = found
                cell = points.find(series)
            }
            if let cell {
                guard let slot = rows.slot(for: cell, series: series) else {
                    throw Self.repeated(pointName(series), in: "\(form.content) of \(item.place)")
                }
                try readDocument(&scanner, cell.pointee.kind, slot, item, series)
            } else {
                try scanner.skipValue(depth: 4)
            }
            hasMember = try scanner.nextMember()
        }
    }

    private mutating func countAttribute(_ scanner: JSONScanner, _ item: Item) throws {
        attributes += 1
        guard attributes > Self.maximumAttributes else { return }
        let failure = RequestFailure(
            .attributeFormat,
            "\(item.place): the request has more than \(Self.maximumAttributes) attributes; "
                + "send them in several")
        try report(failure, scanner, item, point: nil)
        throw TooManyFaults()
    }

    /// Asks the directory for a name that the cache does not know, and adds it to the cache.
    ///
    /// - Returns: Its number; nil if the model has no such point, event or attribute, which is noted.
    @inline(never)
    private mutating func resolve(
        _ scanner: JSONScanner, _ item: inout Item, _ name: UnsafeBufferPointer<UInt8>
    ) throws -> UInt64? {
        let text = String(decoding: name, as: UTF8.self)
        let isReserved = form.prefix != nil
        let device = deviceName(scanner, item)
        guard var found = try lookUp(text, of: device, scanner, &item) else { return nil }
        found.policy = form.policy ?? found.policy
        if item.device < 0 { item.device = points.devices.add(device) }
        let series: UInt64
        if isReserved {
            var number = points.reserved.find(name)
            if number < 0 { number = points.reserved.add(text) }
            series = ProductPoints.reservedNumber(device: item.device, name: number)
        } else {
            var number = points.points.find(name)
            if number < 0 { number = points.points.add(text) }
            series = ProductPoints.seriesNumber(device: item.device, point: number)
        }
        try points.add(series, found)
        return series
    }

    /// What the directory knows of a name; nil if the model has no such point, event or attribute, which is noted.
    private mutating func lookUp(
        _ name: String, of device: String, _ scanner: JSONScanner, _ item: inout Item
    ) throws -> RegisteredPoint? {
        let key = Name(name)
        if item.device >= 0, let model = unknownPoints[key] {
            try reportUnknown(name, model: model, scanner, item)
            return nil
        }
        let model: String
        let answer = try ask(name, device, item)
        switch answer {
        case .found(let point), .notStored(let point):
            // A point of readings has no reserved name, and an event or attribute has no type of its own.
            if form.prefix == nil ? ReservedPoint(name: name) == nil : point.type == .json {
                points.note(answer, for: name)
                return point
            }
            model = try directory.model(ofProduct: points.product) ?? ""
        case .unfit(_, let reason):
            try reportUnfit(name, device, reason, scanner, item)
            return nil
        case .unknownPoint(_, _, let unknown):
            let declaration =
                try declinedNames[key].map { .unfit($0) } ?? declare(name, scanner, item, device: device)
            switch declaration {
            case .declared(let answer, let point):
                points.note(answer, for: name)
                return point
            case .withoutType: return nil
            case .unfit(let reason):
                let what = "model \(unknown.excerpt) has no \(form.noun) \(shown(name))"
                try reportUnfit(name, device, "\(what), and does not get it: \(reason)", scanner, item)
                return nil
            case .refused: break
            }
            model = unknown
        default: return nil
        }
        if item.device < 0 { item.device = points.devices.add(device) }
        unknownPoints[key] = model
        try reportUnknown(name, model: model, scanner, item)
        try countFailedLookUp()
        return nil
    }

    /// Asks the directory.
    ///
    /// - Throws: `RequestFailure` if there is no such product or device, or what the directory throws.
    mutating func ask(_ name: String, _ device: String, _ item: Item) throws -> PointLookup {
        let answer = try directory.lookUp(product: points.product, device: device, point: name)
        switch answer {
        case .found, .notStored, .unfit, .unknownPoint: return answer
        case .unknownProduct(let product):
            throw RequestFailure(.unknownTopic, "there is no product \(product.excerpt)")
        case .unknownDevice, .ambiguousDevice:
            try countFailedLookUp()
            throw RequestFailure(
                form.unknownDeviceCode,
                "\(item.place): product \(points.product.excerpt) has no device \(device.excerpt)",
                device: device.excerpt)
        }
    }

    /// Notes a point for which the product's policy cannot be carried out.
    private mutating func reportUnfit(
        _ name: String, _ device: String, _ reason: String, _ scanner: JSONScanner, _ item: Item
    ) throws {
        let failure = RequestFailure(
            .modelMismatch, "\(item.place), device \(device.excerpt): \(reason)", device: device.excerpt)
        try report(failure, scanner, item, point: shown(name))
        try countFailedLookUp()
    }

    private mutating func countFailedLookUp() throws {
        failedLookUps += 1
        if failedLookUps > Self.maximumFailedLookUps { throw TooManyFaults() }
    }

    private mutating func reportUnknown(
        _ name: String, model: String, _ scanner: JSONScanner, _ item: Item
    ) throws {
        let name = shown(name)
        let device = deviceName(scanner, item).excerpt
        let failure = RequestFailure(
            .modelMismatch,
            "\(item.place), device \(device): model \(model.excerpt) has no \(form.noun) \(name)",
            device: device)
        try report(failure, scanner, item, point: name)
    }

    /// Throws if the device of an item without values does not exist.
    private mutating func checkDevice(_ scanner: JSONScanner, _ item: Item) throws {
        _ = try ask("", deviceName(scanner, item), item)
    }

    /// The name of a point, event or attribute, as a reason shows it.
    func pointName(_ series: UInt64) -> String {
        shown(points.key(of: series).point)
    }

    private func shown(_ name: String) -> String {
        String(decoding: name.utf8.dropFirst(form.prefix?.utf8.count ?? 0), as: UTF8.self).excerpt
    }
}
