// FakeDirectory.swift — a registry in dictionaries that counts the questions it gets.
//
// Invariants:
// - Names are equal by bytes, as in the registry.

import Synchronization
package import VarveModel

/// Products with devices, and models with points; it fails when a test wants it.
package final class FakeDirectory: PointDirectory {
    /// The error of a directory that fails.
    package struct Failure: Error {}

    package struct State {
        /// The devices of each product.
        package var devices: [Name: Set<Name>] = [:]
        /// The model of each product.
        package var models: [Name: String] = [:]
        /// The points of each model.
        package var points: [Name: [Name: ValueType]] = [:]
        /// What the models ask of the values of points with these names, beyond their type.
        package var rules: [Name: ValueRule] = [:]
        /// What the policies do to the values of points with these names.
        package var processing: [Name: ValueProcessing] = [:]
        /// The names of points that the policies do not store.
        package var notStored: Set<Name> = []
        /// How messages of every product are taken.
        package var settings = ProductSettings()
        /// The rule of every product; events have a policy of their own.
        package var policy = DuplicatePolicy.last
        /// Whether every product has every device, with the points of model M.
        package var knowsEveryDevice = false
        /// The most points of a model.
        package var maximumPoints = Int.max
        /// How often `declare` was called.
        package var declarations = 0
        /// What was asked for by `register`, in order.
        package var registrations: [Registration] = []
        /// The zone with which a device is registered.
        package var timeZones: [Name: String] = [:]
        /// The zone in which an import read the local times of a device.
        package var notedZones: [Name: String] = [:]
        /// The answer of `generation`.
        package var generation: UInt64 = 0
        /// How many points were looked up.
        package var lookUps = 0
        /// Whether look-ups and `generation` throw `Failure`.
        package var fails = false
    }

    private let state: Mutex<State>

    /// Makes product P of model M with these devices and points, or an empty directory if there are no devices and
    /// points.
    package init(devices: [String] = [], points: [String: ValueType] = [:], policy: DuplicatePolicy = .last) {
        var state = State()
        if !points.isEmpty || !devices.isEmpty {
            state.devices["P"] = Set(devices.map { Name($0) })
            state.models["P"] = "M"
            state.points["M"] = Self.named(points)
        }
        state.policy = policy
        self.state = Mutex(state)
    }

    /// Makes a directory in which every device of every product has these points.
    package init(everyDeviceHas points: [String: ValueType]) {
        var state = State()
        state.knowsEveryDevice = true
        state.points["M"] = Self.named(points)
        self.state = Mutex(state)
    }

    private static func named(_ points: [String: ValueType]) -> [Name: ValueType] {
        Dictionary(uniqueKeysWithValues: points.map { (Name($0.key), $0.value) })
    }

    package var registrations: [Registration] { state.withLock { $0.registrations } }

    package var lookUps: Int { state.withLock { $0.lookUps } }

    /// Reads or changes the state under its lock.
    package func withState<Result: Sendable>(
        _ body: (inout sending State) throws -> Result
    ) rethrows -> Result {
        try state.withLock { try body(&$0) }
    }

    /// Changes what is registered, as another process would: the generation changes.
    package func change(_ body: (inout sending State) -> Void) {
        state.withLock { state in
            body(&state)
            state.generation += 1
        }
    }

    /// The type of a point; nil if the product or the point is unknown.
    package func type(_ product: String, _ point: String) -> ValueType? {
        state.withLock { $0.points[Name($0.models[Name(product)] ?? "")]?[Name(point)] }
    }

    package func lookUp(product: String?, device: String, point: String) throws -> PointLookup {
        try state.withLock { state in
            if state.fails { throw Failure() }
            state.lookUps += 1
            let home: String
            if let product {
                if !state.knowsEveryDevice {
                    guard let devices = state.devices[Name(product)] else { return .unknownProduct(product) }
                    guard devices.contains(Name(device)) else { return .unknownDevice(device) }
                }
                home = product
            } else {
                let homes = state.devices.filter { $0.value.contains(Name(device)) }.keys.map(\.text).sorted()
                guard let first = homes.first else { return .unknownDevice(device) }
                guard homes.count == 1 else { return .ambiguousDevice(device, products: homes) }
                home = first
            }
            let model = state.models[Name(home)] ?? (state.knowsEveryDevice ? "M" : "")
            guard let type = state.points[Name(model)]?[Name(point)] else {
                return .unknownPoint(point, product: home, model: model)
            }
            let key = SeriesKey(product: home, device: device, point: point)
            var policy = state.policy
            if case .event = ReservedPoint(name: point) { policy = .every }
            let found = RegisteredPoint(
                key: key, type: type, policy: policy, rule: state.rules[Name(point)],
                processing: state.processing[Name(point)])
            return state.notStored.contains(Name(point)) ? .notStored(found) : .found(found)
        }
    }

    package func settings(ofProduct product: String) throws -> ProductSettings? {
        state.withLock { $0.models[Name(product)] == nil && !$0.knowsEveryDevice ? nil : $0.settings }
    }

    /// Every device has its key and `-secret` as its secret.
    package func login(ofDevice device: String, product: String) throws -> DeviceLogin? {
        try state.withLock { state in
            if state.fails { throw Failure() }
            guard state.devices[Name(product)]?.contains(Name(device)) == true else { return nil }
            return DeviceLogin(secret: "\(device)-secret", assetID: device == "d1" ? "a1" : nil)
        }
    }

    package func generation() throws -> UInt64 {
        try state.withLock { state in
            if state.fails { throw Failure() }
            return state.generation
        }
    }

    package func timeZone(product _: String?, device: String) -> String? {
        state.withLock { $0.timeZones[Name(device)] }
    }

    package func model(ofProduct product: String) -> String? { state.withLock { $0.models[Name(product)] } }

    package func hasPoint(_ point: String, product: String) -> Bool { type(product, point) != nil }

    package func declare(_ points: [Registration.Point]) throws -> DeclinedNames {
        var (declined, taken) = (DeclinedNames(), Registration())
        state.withLock { state in
            state.declarations += 1
            for point in points {
                let known = state.points[Name(state.models[Name(point.product)] ?? "")] ?? [:]
                if known[Name(point.point)] == nil, known.count + taken.points.count >= state.maximumPoints {
                    declined.reasons[Name(point.point)] = "the model is full"
                    declined.isClosed = true
                } else {
                    taken.points.append(point)
                }
            }
        }
        if !taken.points.isEmpty { _ = try register(taken) }
        return declined
    }

    package func noteZones(_ zones: [DeviceZone], remembers: Bool) -> [DeviceZone] {
        state.withLock { state in
            zones.compactMap { zone in
                let known = state.notedZones[Name(zone.device)]
                if remembers { state.notedZones[Name(zone.device)] = zone.zone }
                guard let known, known != zone.zone else { return nil }
                return DeviceZone(product: zone.product, device: zone.device, zone: known)
            }
        }
    }

    package func register(_ registration: Registration) throws -> Int {
        state.withLock { state in
            state.registrations.append(registration)
            var created = 0
            func need(_ product: String) {
                guard state.models[Name(product)] == nil else { return }
                state.models[Name(product)] = product
                state.points[Name(product)] = [:]
                state.devices[Name(product)] = []
                created += 2
            }
            for device in registration.devices {
                need(device.product)
                let isNew = state.devices[Name(device.product)]?.insert(Name(device.device)).inserted
                if isNew == true { created += 1 }
            }
            for point in registration.points {
                need(point.product)
                let model = Name(state.models[Name(point.product)] ?? "")
                if state.points[model]?[Name(point.point)] == nil {
                    state.points[model]?[Name(point.point)] = point.type
                    created += 1
                }
            }
            return created
        }
    }
}
