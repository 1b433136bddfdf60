// SeriesSelection.swift — which series `--device` and `--point` name.
//
// A device is named by its key, or as `product/device`. Where several products have the key, the product is required.
//
// Invariants:
// - The series keep the order of the store, by device and point, and each is chosen once.
// - The time grows with the number of series plus the number of devices named, not with the product of the two.

import VarveModel

/// A series that a query reads.
struct SelectedSeries: Equatable {
    /// Name and type.
    var info: SeriesInfo
    /// How its rows show it.
    var printed: PrintedSeries
}

/// Chooses series by name.
enum SeriesSelection {
    /// A product and a device, as a name with a slash may mean them.
    private struct Owner: Hashable {
        var product: Name
        var device: Name

        init(_ key: SeriesKey) { (product, device) = (Name(key.product), Name(key.device)) }

        init(product: Substring, device: Substring) {
            (self.product, self.device) = (Name(String(product)), Name(String(device)))
        }

        /// Every pair that a name may mean, one for each slash, as products and keys may have slashes of their own.
        static func all(in name: String) -> [Owner] {
            let slashes = name.utf8.indices.filter { name.utf8[$0] == UInt8(ascii: "/") }
            return slashes.map { slash in
                Owner(product: name[..<slash], device: name[name.utf8.index(after: slash)...])
            }
        }
    }

    /// The series of the devices and points named.
    ///
    /// No devices means all devices, no points all of their points.
    ///
    /// - Throws: `QueryFailure` for a name that is unknown or ambiguous, and the errors of the source.
    static func selectAny(
        from source: some SampleSource, devices: [String], points: [String]
    ) throws -> [SelectedSeries] {
        guard devices.isEmpty else { return try select(from: source, devices: devices, points: points) }
        let all = try source.series()
        return try select(
            points, of: all, products: products(of: Set(all.map { Name($0.key.device) }), in: all))
    }

    /// The series of the devices and points named.
    ///
    /// No points means all points.
    ///
    /// Cost: looks at the series of these devices only; if a device is not found, at all series for the message.
    ///
    /// - Throws: `QueryFailure` for a name that is unknown or ambiguous, and the errors of the source.
    static func select(
        from source: some SampleSource, devices: [String], points: [String]
    ) throws -> [SelectedSeries] {
        let owners = devices.map(Owner.all)
        let keys = Set(devices.map { Name($0) }).union(owners.joined().map(\.device))
        let some = try source.series(ofDevices: keys)
        let known = Set(some.map { Owner($0.key) })
        let bare = Set(some.map { Name($0.key.device) })
        let areKnown = zip(devices, owners).allSatisfy {
            bare.contains(Name($0)) || !known.isDisjoint(with: $1)
        }
        return try select(from: areKnown ? some : source.series(), devices: devices, points: points)
    }

    /// Chooses from all series of the store, or from all whose device key is one of those named.
    ///
    /// - Throws: `QueryFailure` for a name that is unknown or ambiguous.
    static func select(
        from all: [SeriesInfo], devices: [String], points: [String]
    ) throws(QueryFailure) -> [SelectedSeries] {
        let bare = Set(devices.map { Name($0) })
        let owners = Set(devices.flatMap(Owner.all))
        let candidates = all.filter { info in
            bare.contains(Name(info.key.device)) || owners.contains(Owner(info.key))
        }
        // All products with one of these keys are needed, also where a name came with its product.
        let products = products(of: Set(candidates.map { Name($0.key.device) }), in: all)
        let found = Set(candidates.map { Owner($0.key) })
        for name in devices {
            try check(name, found, products, all)
        }
        return try select(
            points, of: candidates, products: products, device: devices.count == 1 ? devices[0] : nil)
    }

    /// For each of some device keys, the products that have it.
    private static func products(of devices: Set<Name>, in all: [SeriesInfo]) -> [Name: Set<Name>] {
        var products: [Name: Set<Name>] = [:]
        for info in all {
            let device = Name(info.key.device)
            if devices.contains(device) { products[device, default: []].insert(Name(info.key.product)) }
        }
        return products
    }

    /// The series with these points among those of chosen devices.
    ///
    /// No points means all points.
    private static func select(
        _ points: [String], of candidates: [SeriesInfo], products: [Name: Set<Name>],
        device: String? = nil
    ) throws(QueryFailure) -> [SelectedSeries] {
        let wanted = Set(points.map { Name($0) })
        let chosen = candidates.filter { wanted.isEmpty || wanted.contains(Name($0.key.point)) }
        for point in points where !chosen.contains(where: { $0.key.point.sameBytes(as: point) }) {
            let owner = device.map { "device \"\(printable($0))\" has" } ?? "these devices have"
            throw QueryFailure(description: "\(owner) no \(missing(point, among: candidates))")
        }
        return chosen.map { info in
            let isAmbiguous = (products[Name(info.key.device)]?.count ?? 0) > 1
            let device = isAmbiguous ? qualified(info.key) : info.key.device
            let printed = PrintedSeries(device: device, point: info.key.point, type: info.type)
            return SelectedSeries(info: info, printed: printed)
        }
    }

    /// A point or an event that is not there, with similar ones of its kind.
    private static func missing(_ point: String, among candidates: [SeriesInfo]) -> String {
        let names = candidates.lazy.map(\.key.point)
        guard case .event(let event) = ReservedPoint(name: point) else {
            // Points come before events and attributes, which are queried by other options.
            let points = names.filter { ReservedPoint(name: $0) == nil }
            let isReserved = ReservedPoint(name: point) != nil || points.isEmpty
            let hint = NearMatches.hint(for: point, among: isReserved ? Array(names) : Array(points))
            return "point \"\(printable(point))\"\(hint)"
        }
        let events = names.compactMap { name in
            if case .event(let event) = ReservedPoint(name: name) { event } else { nil }
        }
        return "event \"\(printable(event))\"\(NearMatches.hint(for: event, among: events))"
    }

    private static func check(
        _ name: String, _ found: Set<Owner>, _ products: [Name: Set<Name>], _ all: [SeriesInfo]
    ) throws(QueryFailure) {
        if Owner.all(in: name).contains(where: found.contains) {
            guard let owner = products[Name(name)]?.min() else { return }
            throw QueryFailure(
                description: "\"\(printable(name))\" is a device of a product and the key of a device of "
                    + "another; write \(printable("\(owner.text)/\(name)")), or the bare key of the first")
        }
        guard let owners = products[Name(name)] else {
            let names = all.lazy.map { name.contains("/") ? qualified($0.key) : $0.key.device }
            let hint = NearMatches.hint(for: name, among: names)
            throw QueryFailure(description: "no device \"\(printable(name))\" in this store\(hint)")
        }
        guard owners.count > 1 else { return }
        let list = owners.sorted().map { printable("\($0.text)/\(name)") }.joined(separator: " or ")
        throw QueryFailure(
            description: "device \"\(printable(name))\" exists in \(owners.count) products; write \(list)")
    }

    private static func qualified(_ key: SeriesKey) -> String { "\(key.product)/\(key.device)" }
}
