// LoginChangesTests.swift — what changed of logins, and which answers of look-ups are forgotten for it.

import Testing
import VarveModel
import VarveTestSupport

@testable import VarveRegistry

@Suite struct LoginChangesTests {
    private let fixture: RegistryFixture
    private var registry: Registry { fixture.registry }

    init() throws {
        fixture = try RegistryFixture()
        try fixture.fill()
        try fixture.registry.createChannel(Channel(name: "farm", product: "wind", password: "p1"))
    }

    private func devices(_ changes: LoginChanges) -> [String: String?]? {
        guard case .some(_, let devices) = changes else { return nil }
        return Dictionary(devices.map { ("\($0.product)/\($0.key)", $0.device?.secret) }) { $1 }
    }

    private func hasChannels(_ changes: LoginChanges) -> Bool {
        if case .some(let channels?, _) = changes { !channels.isEmpty } else { false }
    }

    private func isAll(_ changes: LoginChanges) -> Bool { if case .all = changes { true } else { false } }
    private func isNone(_ changes: LoginChanges) -> Bool { if case .none = changes { true } else { false } }

    @Test("a change of devices names these, with their present state, and another change the channels")
    func named() throws {
        let (start, first) = try registry.loginChanges(since: nil)
        #expect(try isAll(first) && isNone(registry.loginChanges(since: start).changes))
        let other = try Registry.open(path: fixture.path, create: false)
        try other.activateDevice(product: "wind", key: "T1")
        try other.create(Device(product: "wind", key: "T9", secret: "d9"))
        try other.deleteDevice(named: "T2")
        let (second, changes) = try registry.loginChanges(since: start)
        #expect(
            devices(changes) == ["wind/T1": "d1", "wind/T9": "d9", "wind/T2": nil] && !hasChannels(changes))
        try registry.rotateSecret(ofProduct: "wind", overlap: 0)
        let (third, rotated) = try registry.loginChanges(since: second)
        #expect(devices(rotated) == [:] && hasChannels(rotated))
        #expect(isNone(try registry.loginChanges(since: third).changes))
        try registry.verifySeal()
    }

    @Test("everything is to be read after many devices, after many changes, and if entries are missing")
    func all() throws {
        let start = try registry.loginChanges(since: nil).mark
        let rows = (0...JournalDraft.limit).map { "N\($0),wind" }
        _ = try registry.importRows(
            .devices, from: Array((["device,product"] + rows).joined(separator: "\n").utf8), named: "d.csv",
            isTimeZone: { _ in true })
        #expect(isAll(try registry.loginChanges(since: start).changes))
        let second = try registry.loginChanges(since: start).mark
        try registry.activateDevice(product: "wind", key: "T1")
        try registry.activateDevice(product: "wind", key: "T2")
        try fixture.tamper("DELETE FROM change WHERE number = (SELECT MAX(number) - 1 FROM change)")
        #expect(isAll(try registry.loginChanges(since: second).changes))
        let third = try registry.loginChanges(since: second).mark
        try fixture.tamper("UPDATE change SET kind = 77")
        #expect(isNone(try registry.loginChanges(since: third).changes))
        try registry.resetDevice(named: "wind/T1")
        try fixture.tamper("UPDATE change SET kind = 77")
        #expect(isAll(try registry.loginChanges(since: third).changes))
    }

    @Test("the oldest entries are deleted, and a reader that stayed behind reads everything")
    func kept() throws {
        let start = try registry.loginChanges(since: nil).mark
        let limit = JournalDraft.limit
        for round in 0...(RegistryChange.keptEntries / limit) {
            let rows = (0..<limit).map { "R\(round)_\($0),wind" }
            _ = try registry.importRows(
                .devices, from: Array((["device,product"] + rows).joined(separator: "\n").utf8),
                named: "d.csv",
                isTimeZone: { _ in true })
        }
        #expect(isAll(try registry.loginChanges(since: start).changes))
        let entries = try registry.read { try $0.changes(after: $0.newestChange() - Int64(limit)) }
        #expect(entries?.count == limit)
        let oldest = try registry.read { try $0.changes(after: 0) }
        #expect(oldest == nil)
    }

    @Test("an activation keeps remembered answers, and a deletion or a change of another kind does not")
    func lookUps() throws {
        let other = try Registry.open(path: fixture.path, create: false)
        func power(_ device: String) throws -> Bool {
            if case .found = try other.lookUp(product: "wind", device: device, point: "power") {
                true
            } else {
                false
            }
        }
        let start = try other.generation()
        #expect(try power("T1") && !power("T9"))
        try registry.activateDevice(product: "wind", key: "T1")
        try registry.create(Device(product: "wind", key: "T9"))
        #expect(try other.generation() == start)
        #expect(try power("T1") && power("T9"))
        try registry.deleteDevice(named: "wind/T1")
        let deleted = try other.generation()
        #expect(deleted != start)
        #expect(try !power("T1") && power("T9"))
        try registry.setNumericTexts(true, ofProduct: "wind")
        #expect(try other.generation() != deleted)
        #expect(try other.settings(ofProduct: "wind")?.takesNumericTexts == true)
    }

    @Test("points that are declared leave remembered answers as they are, and are found at once")
    func declared() throws {
        try registry.extendModel("turbine", isPassThrough: true)
        let other = try Registry.open(path: fixture.path, create: false)
        func isFound(_ point: String, by registry: Registry) throws -> Bool {
            try registry.refresh()
            let answer = try registry.lookUp(product: "wind", device: "T1", point: point)
            if case .found = answer { return true } else { return false }
        }
        for one in [registry, other] { #expect(try isFound("power", by: one) && !isFound("new", by: one)) }
        let before = try (registry.generation(), other.generation())
        let start = try registry.loginChanges(since: nil).mark
        for name in ["new", ReservedPoint.event("trip").name] {
            let point = Registration.Point(product: "wind", point: name, type: .json)
            #expect(try registry.declare([point]) == DeclinedNames())
            for one in [registry, other] { #expect(try isFound(name, by: one)) }
        }
        #expect(try registry.generation() == before.0 && other.generation() == before.1)
        #expect(isNone(try registry.loginChanges(since: start).changes))
        try registry.verifySeal()
    }

    @Test("a device that comes or goes in another product makes its bare key ambiguous or not, at once")
    func bareKeys() throws {
        let other = try Registry.open(path: fixture.path, create: false)
        func owner(_ registry: Registry) throws -> String? {
            try registry.refresh()
            guard case .found(let point) = try registry.lookUp(product: nil, device: "T2", point: "power")
            else {
                return nil
            }
            return point.key.product
        }
        for one in [registry, other] { #expect(try owner(one) == "wind") }
        try registry.create(Device(product: "solar", key: "T2"))
        for one in [registry, other] { #expect(try owner(one) == nil) }
        try other.deleteDevice(named: "wind/T2")
        for one in [registry, other] { #expect(try owner(one) == "solar") }
    }
}
