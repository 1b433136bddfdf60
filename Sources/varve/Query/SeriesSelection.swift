// SeriesSelection.swift — which series `--device` and `--point` name.
//
// A device is named by its key, or as `product/device`, which it must be where several products have the key.
//
// Invariants:
// - The order of the store, by device and point, is kept, and each series is chosen once.
// - One pass over all series that makes nothing for those that do not fit.

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
    /// The series of the devices and points named; no points means all.
    static func select(
        from all: [SeriesInfo], devices: [String], points: [String]
    ) throws(QueryFailure) -> [SelectedSeries] {
        let candidates = all.filter { info in
            devices.contains { $0 == info.key.device || isQualified($0, info.key) }
        }
        // Every product that has one of the keys, also where the name was given with its product.
        let keys = Set(candidates.map(\.key.device))
        var products: [String: Set<String>] = [:]
        for info in all where keys.contains(info.key.device) {
            products[info.key.device, default: []].insert(info.key.product)
        }
        for name in devices {
            try check(name, candidates, products, all)
        }
        let chosen = candidates.filter { points.isEmpty || points.contains($0.key.point) }
        for point in points where !chosen.contains(where: { $0.key.point == point }) {
            let hint = NearMatches.hint(for: point, among: candidates.map(\.key.point))
            let owner = devices.count == 1 ? "device \"\(printable(devices[0]))\" has" : "these devices have"
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
        _ name: String, _ candidates: [SeriesInfo], _ products: [String: Set<String>], _ all: [SeriesInfo]
    ) throws(QueryFailure) {
        if candidates.contains(where: { isQualified(name, $0.key) }) {
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

    private static func isQualified(_ name: String, _ key: SeriesKey) -> Bool {
        let bytes = name.utf8
        let product = key.product.utf8
        guard bytes.count == product.count + 1 + key.device.utf8.count, bytes.starts(with: product) else {
            return false
        }
        let rest = bytes.dropFirst(product.count)
        return rest.first == 0x2F && rest.dropFirst().elementsEqual(key.device.utf8)
    }
}
