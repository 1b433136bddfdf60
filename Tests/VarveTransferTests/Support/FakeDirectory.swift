// FakeDirectory.swift — a registry held in dictionaries.

import Synchronization
import VarveModel
import VarveTestSupport

/// Products with devices, models with points.
final class FakeDirectory: PointDirectory {
    struct State {
        /// Product → devices.
        var devices: [String: Set<String>] = [:]
        /// Product → model.
        var models: [String: String] = [:]
        /// Model → points.
        var points: [String: [String: ValueType]] = [:]
        var policy = DuplicatePolicy.last
        var registrations: [Registration] = []
        /// Device → zone.
        var timeZones: [String: String] = [:]
        /// Device → the zone in which an import read its local times.
        var notedZones: [String: String] = [:]
    }

    let state: Mutex<State>

    /// Makes product P of model M, with these devices and points.
    init(devices: [String] = [], points: [String: ValueType] = [:], policy: DuplicatePolicy = .last) {
        var state = State()
        if !points.isEmpty || !devices.isEmpty {
            state.devices["P"] = Set(devices)
            state.models["P"] = "M"
            state.points["M"] = points
        }
        state.policy = policy
        self.state = Mutex(state)
    }

    var registrations: [Registration] { state.withLock { $0.registrations } }

    func type(_ product: String, _ point: String) -> ValueType? {
        state.withLock { $0.points[$0.models[product] ?? ""]?[point] }
    }

    func lookUp(product: String?, device: String, point: String) throws -> PointLookup {
        state.withLock { state in
            let home: String
            if let product {
                guard let devices = state.devices[product] else { return .unknownProduct(product) }
                guard devices.contains(device) else { return .unknownDevice(device) }
                home = product
            } else {
                let homes = state.devices.filter { $0.value.contains(device) }.keys.sorted()
                guard let first = homes.first else { return .unknownDevice(device) }
                guard homes.count == 1 else { return .ambiguousDevice(device, products: homes) }
                home = first
            }
            let model = state.models[home] ?? ""
            guard let type = state.points[model]?[point] else {
                return .unknownPoint(point, product: home, model: model)
            }
            let key = SeriesKey(product: home, device: device, point: point)
            return .found(RegisteredPoint(key: key, type: type, policy: state.policy))
        }
    }

    func generation() throws -> UInt64 { 0 }

    func timeZone(product _: String?, device: String) -> String? { state.withLock { $0.timeZones[device] } }

    func model(ofProduct product: String) -> String? { state.withLock { $0.models[product] } }

    func hasPoint(_ point: String, product: String) -> Bool { type(product, point) != nil }

    func noteZones(_ zones: [DeviceZone], remembers: Bool) -> [DeviceZone] {
        state.withLock { state in
            zones.compactMap { zone in
                let known = state.notedZones[zone.device]
                if remembers { state.notedZones[zone.device] = zone.zone }
                guard let known, known != zone.zone else { return nil }
                return DeviceZone(product: zone.product, device: zone.device, zone: known)
            }
        }
    }

    func register(_ registration: Registration) throws -> Int {
        state.withLock { state in
            state.registrations.append(registration)
            var created = 0
            func need(_ product: String) {
                if state.models[product] == nil {
                    state.models[product] = product
                    state.points[product] = [:]
                    state.devices[product] = []
                    created += 2
                }
            }
            for device in registration.devices {
                need(device.product)
                if state.devices[device.product]?.insert(device.device).inserted == true { created += 1 }
            }
            for point in registration.points {
                need(point.product)
                let model = state.models[point.product] ?? ""
                if state.points[model]?[point.point] == nil {
                    state.points[model]?[point.point] = point.type
                    created += 1
                }
            }
            return created
        }
    }
}
