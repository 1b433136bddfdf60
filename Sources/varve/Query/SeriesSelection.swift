// SeriesSelection.swift — which series `--device` and `--point` name.
//
// A device is named by its key, or as `product/device`, which it must be where several products have the key.
//
// Invariants:
// - The order of the store, by device and point, is kept, and each series is chosen once.
// - The time grows with the series and with the names, not with their product.

import VarveModel

/// A series that a query reads.
struct SelectedSeries: Hashable {
    /// Name and type.
    var info: SeriesInfo
    /// How its rows show it.
    var printed: PrintedSeries
}

/// Chooses series by name.
enum SeriesSelection {
    /// A device of a product, as a name with a slash may mean it.
    private struct Owner: Hashable {
        var product: Substring
        var device: Substring

        init(_ key: SeriesKey) { (product, device) = (key.product[...], key.device[...]) }

        init(product: Substring, device: Substring) { (self.product, self.device) = (product, device) }

        /// What a name may mean: a product's name, or a key, may have slashes of its own.
        static func all(in name: String) -> [Owner] {
            name.indices.filter { name[$0] == "/" }.map { slash in
                Owner(product: name[..<slash], device: name[name.index(after: slash)...])
            }
        }
    }

    /// The series of the devices and points named; no devices means all, no points all of theirs.
    static func selectAny(
        from source: some SampleSource, devices: [String], points: [String]
    ) throws -> [SelectedSeries] {
        guard devices.isEmpty else { return try select(from: source, devices: devices, points: points) }
        let all = try source.series()
        return try select(points, of: all, products: products(of: Set(all.map(\.key.device)), in: all))
    }

    /// The series of the devices and points named; no points means all.
    ///
    /// Of a large store only the series of these devices are looked at, unless one is not found.
    static func select(
        from source: some SampleSource, devices: [String], points: [String]
    ) throws -> [SelectedSeries] {
        let owners = devices.map(Owner.all)
        let keys = Set(devices).union(owners.joined().map { String($0.device) })
        let some = try source.series(ofDevices: keys)
        let known = Set(some.map { Owner($0.key) })
        let bare = Set(some.map(\.key.device))
        let areKnown = zip(devices, owners).allSatisfy { bare.contains($0) || !known.isDisjoint(with: $1) }
        return try select(from: areKnown ? some : source.series(), devices: devices, points: points)
    }

    /// Chooses from all series, or from all that have the key of a device named.
    static func select(
        from all: [SeriesInfo], devices: [String], points: [String]
    ) throws(QueryFailure) -> [SelectedSeries] {
        let bare = Set(devices)
        let owners = Set(devices.flatMap(Owner.all))
        let candidates = all.filter { info in
            bare.contains(info.key.device) || owners.contains(Owner(info.key))
        }
        // Every product that has one of the keys, also where the name was given with its product.
        let products = products(of: Set(candidates.map(\.key.device)), in: all)
        let found = Set(candidates.map { Owner($0.key) })
        for name in devices {
            try check(name, found, products, all)
        }
        return try select(
            points, of: candidates, products: products, device: devices.count == 1 ? devices[0] : nil)
    }

    /// The products that have each of some devices.
    private static func products(of devices: Set<String>, in all: [SeriesInfo]) -> [String: Set<String>] {
        var products: [String: Set<String>] = [:]
        for info in all where devices.contains(info.key.device) {
            products[info.key.device, default: []].insert(info.key.product)
        }
        return products
    }

    /// The series of some points among those of chosen devices; no points means all.
    private static func select(
        _ points: [String], of candidates: [SeriesInfo], products: [String: Set<String>],
        device: String? = nil
    ) throws(QueryFailure) -> [SelectedSeries] {
        let chosen = candidates.filter { points.isEmpty || points.contains($0.key.point) }
        for point in points where !chosen.contains(where: { $0.key.point == point }) {
            let hint = NearMatches.hint(for: point, among: candidates.map(\.key.point))
            let owner = device.map { "device \"\(printable($0))\" has" } ?? "these devices have"
            throw QueryFailure(description: "\(owner) no point \"\(printable(point))\"\(hint)")
        }
        return chosen.map { info in
            let isAmbiguous = (products[info.key.device]?.count ?? 0) > 1
            let device = isAmbiguous ? qualified(info.key) : info.key.device
            let printed = PrintedSeries(device: device, point: info.key.point, type: info.type)
            return SelectedSeries(info: info, printed: printed)
        }
    }

    private static func check(
        _ name: String, _ found: Set<Owner>, _ products: [String: Set<String>], _ all: [SeriesInfo]
    ) throws(QueryFailure) {
        if Owner.all(in: name).contains(where: found.contains) {
            guard let owner = products[name]?.min() else { return }
            throw QueryFailure(
                description: "\"\(printable(name))\" is a device of a product and the key of a device of "
                    + "another; write \(printable("\(owner)/\(name)")), or the bare key of the first")
        }
        guard let owners = products[name] else {
            let names = all.lazy.map { name.contains("/") ? qualified($0.key) : $0.key.device }
            let hint = NearMatches.hint(for: name, among: names)
            throw QueryFailure(description: "no device \"\(printable(name))\" in this store\(hint)")
        }
        guard owners.count > 1 else { return }
        let list = owners.sorted().map { printable("\($0)/\(name)") }.joined(separator: " or ")
        throw QueryFailure(
            description: "device \"\(printable(name))\" exists in \(owners.count) products; write \(list)")
    }

    private static func qualified(_ key: SeriesKey) -> String { "\(key.product)/\(key.device)" }
}
