// Registry+Zones.swift — the time zones of devices, as registered and as used by imports.
//
// Invariants:
// - The zone of an import is deleted with its device.

public import VarveModel

extension Registry {
    /// The time zone with which a device is registered; see `PointDirectory`.
    public func timeZone(product: String?, device: String) throws -> String? {
        try read { reading in
            guard let owner = try Self.owner(product, of: device, reading) else { return nil }
            return try reading.device(device, of: owner)?.timeZone
        }
    }

    /// The model that a product uses; see `PointDirectory`.
    public func model(ofProduct product: String) throws -> String? {
        try read { try $0.product(product)?.model }
    }

    /// Whether the model of a product has a point; see `PointDirectory`.
    public func hasPoint(_ point: String, product: String) throws -> Bool {
        try read { reading in
            guard let model = try reading.product(product)?.model else { return false }
            guard let feature = ReservedPoint(name: point).map(ModelFeature.init) else {
                return try reading.point(point, of: model) != nil
            }
            return try reading.feature(feature.kind, feature.id, of: model) != nil
        }
    }

    /// Compares the zones of an import with those of earlier ones; see `PointDirectory`.
    public func noteZones(_ zones: [DeviceZone], remembers: Bool) throws -> [DeviceZone] {
        var others: [DeviceZone] = []
        var changed: [DeviceZone] = []
        try read { reading in
            for zone in zones {
                let named = zone.product.isEmpty ? nil : zone.product
                guard let owner = try Self.owner(named, of: zone.device, reading) else { continue }
                let known = try reading.zone(of: zone.device, in: owner)
                if let known, known.zone != zone.zone { others.append(known) }
                if known?.zone != zone.zone {
                    changed.append(DeviceZone(product: owner, device: zone.device, zone: zone.zone))
                }
            }
        }
        if remembers, !changed.isEmpty {
            try change { change in
                for zone in changed { try change.setZone(of: zone.device, in: zone.product, to: zone.zone) }
            }
        }
        return others
    }

    /// The product that a device belongs to; nil if the device is unknown, or several products have it and
    /// none is named.
    private static func owner(
        _ product: String?, of device: String, _ reading: RegistryReading
    ) throws -> String? {
        let owners = try reading.owners(of: device)
        guard let product else { return owners.count == 1 ? owners[0] : nil }
        return owners.first { $0.utf8.elementsEqual(product.utf8) }
    }
}
