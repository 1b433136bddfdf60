// FakeTypes.swift — a registry that knows the types of some points.

import VarveModel

/// Answers look-ups with a table of types by point.
final class FakeTypes: PointDirectory {
    private let types: [String: ValueType]

    init(_ types: [String: ValueType]) { self.types = types }

    func lookUp(product: String?, device: String, point: String) -> PointLookup {
        guard let product else { return .unknownDevice(device) }
        guard let type = types[point] else { return .unknownPoint(point, product: product, model: "m") }
        let key = SeriesKey(product: product, device: device, point: point)
        return .found(RegisteredPoint(key: key, type: type, policy: .last))
    }

    func timeZone(product _: String?, device _: String) -> String? { nil }

    func model(ofProduct _: String) -> String? { nil }

    func hasPoint(_: String, product _: String) -> Bool { false }

    func noteZones(_: [DeviceZone], remembers _: Bool) -> [DeviceZone] { [] }

    func generation() -> UInt64 { 0 }

    func register(_: Registration) -> Int { 0 }
}
