// FakeDirectory.swift — a registry in dictionaries that counts the questions it gets.

import Synchronization
import VarveModel
import VarveTestSupport

/// Products with devices and points.
final class FakeDirectory: PointDirectory {
    struct Failure: Error {}

    struct State {
        /// Product → devices.
        var devices: [String: Set<String>] = ["P": ["d1", "d2", "d\u{E9}"]]
        var points: [String: ValueType] = [
            "num": .double, "n2": .double, "int": .int64, "flag": .bool, "text": .string, "doc": .json,
        ]
        var generation: UInt64 = 0
        var lookUps = 0
        var fails = false
    }

    let state = Mutex(State())

    var lookUps: Int { state.withLock { $0.lookUps } }

    /// Changes what is registered, as another process would.
    func change(_ body: (inout sending State) -> Void) {
        state.withLock { state in
            body(&state)
            state.generation += 1
        }
    }

    func lookUp(product: String?, device: String, point: String) throws -> PointLookup {
        try state.withLock { state in
            if state.fails { throw Failure() }
            state.lookUps += 1
            guard let product, let devices = state.devices[product] else {
                return .unknownProduct(product ?? "")
            }
            guard devices.contains(where: { $0.utf8.elementsEqual(device.utf8) }) else {
                return .unknownDevice(device)
            }
            guard let type = state.points[point] else {
                return .unknownPoint(point, product: product, model: "M")
            }
            let key = SeriesKey(product: product, device: device, point: point)
            return .found(RegisteredPoint(key: key, type: type, policy: .last))
        }
    }

    func timeZone(product _: String?, device _: String) -> String? { nil }

    func model(ofProduct _: String) -> String? { nil }

    func hasPoint(_: String, product _: String) -> Bool { false }

    func noteZones(_: [DeviceZone], remembers _: Bool) -> [DeviceZone] { [] }

    func generation() throws -> UInt64 {
        try state.withLock { state in
            if state.fails { throw Failure() }
            return state.generation
        }
    }

    func register(_ registration: Registration) throws -> Int { 0 }
}
