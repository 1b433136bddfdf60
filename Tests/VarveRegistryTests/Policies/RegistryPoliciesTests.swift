// RegistryPoliciesTests.swift — policies of products: what look-ups answer, which are refused, their history and seal.

import Foundation
import Testing
import VarveModel
import VarveTestSupport
import VarveText

@testable import VarveRegistry

@Suite struct RegistryPoliciesTests {
    private let fixture: RegistryFixture
    private var registry: Registry { fixture.registry }

    init() throws {
        fixture = try RegistryFixture()
        try fixture.registry.create(
            Model(
                id: "turbine",
                points: [
                    MeasurementPoint(id: "power", type: .double), MeasurementPoint(id: "count", type: .int64),
                    MeasurementPoint(id: "state", type: .string),
                    MeasurementPoint(id: "other", type: .double),
                ]))
        try fixture.registry.create(Product(key: "wind", model: "turbine"))
        try fixture.registry.create(Device(product: "wind", key: "T1"))
    }

    @discardableResult
    private func set(_ lines: PointPolicy..., others: Bool = true, commit: UInt64 = 0) throws -> PolicyVersion
    {
        try registry.changePolicy(ofProduct: "wind", commit: commit) {
            $0 = ProductPolicy(storesOthers: others, lines: lines)
        }
    }

    private func answer(_ point: String) throws -> PointLookup {
        try registry.lookUp(product: "wind", device: "T1", point: point)
    }

    private func found(_ point: String) throws -> RegisteredPoint {
        guard case .found(let found) = try answer(point) else {
            throw RegistryError(.notFound, "\(point) is not found")
        }
        return found
    }

    private func isStored(_ point: String) throws -> Bool {
        switch try answer(point) {
        case .found: true
        default: false
        }
    }

    @Test("a look-up answers with the name, the change and whether the point is stored, remembered or not")
    func lookUps() throws {
        #expect(try found("power").policyMark == 0)
        try set(
            PointPolicy("power", name: "power_kw", processing: ValueProcessing(scale: 0.001)),
            PointPolicy("state", isStored: false))
        for _ in 0..<2 {
            let power = try found("power")
            #expect(power.key.point == "power_kw" && power.type == .double && power.policyMark != 0)
            #expect(power.processing == ValueProcessing(scale: 0.001))
            #expect(try !isStored("state"))
            #expect(
                try found("other")
                    == RegisteredPoint(
                        key: SeriesKey(product: "wind", device: "T1", point: "other"), type: .double,
                        policy: .last))
        }
        try set(PointPolicy("power"), others: false)
        #expect(try isStored("power") && !isStored("other") && !isStored("count"))
        #expect(try found("power").processing == nil)
    }

    @Test("another process's registry sees a change at its next refresh, and the number of policies differs")
    func otherProcess() throws {
        let other = try Registry.open(path: fixture.path, create: false)
        _ = try other.lookUp(product: "wind", device: "T1", point: "power")
        let (generation, version) = (try other.generation(), try other.policyVersion())
        try set(PointPolicy("power", isStored: false))
        #expect(try other.generation() != generation && other.policyVersion() != version)
        guard case .notStored = try other.lookUp(product: "wind", device: "T1", point: "power") else {
            Issue.record("the policy is not seen")
            return
        }
    }

    @Test("the marks and versions of a product that is deleted and created again do not come back")
    func createdAgain() throws {
        let line = PointPolicy("power", processing: ValueProcessing(scale: 2))
        var marks: Set<UInt64> = [try found("power").policyMark]
        var others: Set<UInt64> = [try found("other").policyMark]
        var versions: [Int64] = [try set(line).version]
        marks.insert(try found("power").policyMark)
        for round in 0..<2 {
            try registry.deleteDevice(named: "T1")
            try registry.deleteProduct("wind")
            try registry.verifySeal()
            try registry.create(Product(key: "wind", model: "turbine"))
            try registry.create(Device(product: "wind", key: "T1"))
            #expect(try registry.policy(ofProduct: "wind") == nil)
            #expect(marks.insert(try found("power").policyMark).inserted, "\(round)")
            #expect(others.insert(try found("other").policyMark).inserted, "\(round)")
            versions.append(try set(line).version)
            #expect(marks.insert(try found("power").policyMark).inserted, "\(round)")
        }
        #expect(versions == [1, 3, 5])
        try registry.verifySeal()
    }

    @Test("the mark of a point changes with what it stores, never comes back, and others keep theirs")
    func marks() throws {
        let line = PointPolicy("power", processing: ValueProcessing(scale: 2))
        var marks: [UInt64] = [try found("power").policyMark]
        for lines in [[line], [], [line]] {
            try registry.changePolicy(ofProduct: "wind", commit: 0) { $0.lines = lines }
            marks.append(try found("power").policyMark)
        }
        #expect(Set(marks).count == 4 && marks[0] == 0)
        #expect(try found("other").policyMark == 0)
        // The unit, and how long it is kept, change nothing that is stored.
        var kept = line
        (kept.unit, kept.retention) = ("kW", .forever)
        try set(kept)
        #expect(try found("power").policyMark == marks[3])
        try set(kept, others: false)
        try set(kept)
        #expect(try found("other").policyMark != 0)
    }

    @Test(
        "a change of the rule for duplicates gives every point a mark that it never had, also with a new product"
    )
    func duplicates() throws {
        var marks: [UInt64] = [try found("power").policyMark]
        let version = try registry.policyVersion()
        for rule in [DuplicatePolicy.first, .first, .last, .first] {
            try registry.setDuplicates(rule, ofProduct: "wind")
            marks.append(try found("power").policyMark)
        }
        #expect(marks[0] == 0 && marks[1] == marks[2] && Set(marks).count == 4)
        #expect(try registry.policyVersion() != version)
        #expect(try set(PointPolicy("power", unit: "kW")).version == 4)
        try registry.deleteDevice(named: "T1")
        try registry.deleteProduct("wind")
        try registry.create(Product(key: "wind", model: "turbine"))
        try registry.create(Device(product: "wind", key: "T1"))
        #expect(try !marks.contains(found("power").policyMark))
        try registry.verifySeal()
    }

    @Test("versions are numbered, keep time and commit, and an equal policy makes none")
    func history() throws {
        #expect(try registry.policy(ofProduct: "wind") == nil)
        try set(PointPolicy("power", isStored: false), commit: 7)
        try set(PointPolicy("power", isStored: false), commit: 8)
        try set(PointPolicy("power", unit: "kW"), commit: 9)
        let history = try registry.policyHistory(ofProduct: "wind")
        #expect(history.map(\.version) == [2, 1] && history.map(\.commit) == [9, 7])
        #expect(history[1].policy.lines == [PointPolicy("power", isStored: false)])
        #expect(try registry.policy(ofProduct: "wind") == history[0])
        for number in 0..<(Registry.keptPolicies + 5) { try set(PointPolicy("power", unit: "u\(number)")) }
        #expect(try registry.policyHistory(ofProduct: "wind").count == Registry.keptPolicies)
        try registry.verifySeal()
    }

    @Test("policies are sealed, copied by a backup, and deleted with their product")
    func sealed() throws {
        try set(
            PointPolicy(
                "power", name: "p",
                processing: ValueProcessing(scale: 0.1, offset: -3, minimum: 0, maximum: 1e9),
                unit: "kW", retention: .period(RetentionPeriod(seconds: 60, basis: .arrival))), others: false)
        try registry.verifySeal()
        let copy = fixture.path + ".copy"
        try registry.backUp(to: copy)
        let restored = try Registry.open(path: copy, create: false, readOnly: true)
        try restored.verifySeal()
        #expect(try restored.policy(ofProduct: "wind") == registry.policy(ofProduct: "wind"))
        try registry.deleteDevice(named: "T1")
        try registry.deleteProduct("wind")
        try registry.verifySeal()
        let text = try registry.exportText().text
        #expect(!text.contains("\"policy\"") && !text.contains("\"policymark\""), "\(text)")
        try fixture.tamper("INSERT INTO policymark VALUES ('wind', 'power', 1)")
        #expect(code { try registry.verifySeal() } == .damaged)
    }

    @Test(
        "a registry from before policies is read as one without any, and gets their tables when it is changed"
    )
    func olderVersion() throws {
        try fixture.tamper("DROP TABLE policy; DROP TABLE policymark")
        try fixture.tamper("DELETE FROM grdb_migrations WHERE identifier = 'v7'")
        let reader = try Registry.open(path: fixture.path, create: false, readOnly: true)
        try reader.verifySeal()
        #expect(try reader.policy(ofProduct: "wind") == nil && reader.policyVersion() == 0)
        guard case .found(let point) = try reader.lookUp(product: "wind", device: "T1", point: "power") else {
            throw RegistryError(.notFound, "power is not found")
        }
        #expect(point.policyMark == 0)
        let writer = try Registry.open(path: fixture.path, create: false)
        try writer.changePolicy(ofProduct: "wind", commit: 1) { $0.storesOthers = false }
        try writer.verifySeal()
        #expect(try reader.policy(ofProduct: "wind")?.version == 1)
    }

    @Test("a policy that was changed by hand is damage, and never a policy")
    func damaged() throws {
        try set(PointPolicy("power", isStored: false))
        try fixture.tamper("UPDATE policy SET text = '[{\"point\":\"power\",\"scale\":2}]'")
        #expect(code { try registry.verifySeal() } == .damaged)
        try fixture.tamper("UPDATE policy SET text = '[{\"point\":\"power\", \"stored\":false}]'")
        let other = try Registry.open(path: fixture.path, create: false)
        #expect(code { _ = try other.lookUp(product: "wind", device: "T1", point: "power") } == .damaged)
    }

    @Test("the rule of a point comes before those of its product and model")
    func retention() throws {
        let day = RetentionPeriod(seconds: 86_400)
        let hour = RetentionPeriod(seconds: 3600, basis: .arrival)
        try set(
            PointPolicy("power", name: "p", retention: .period(hour)),
            PointPolicy("state", retention: .forever))
        #expect(try registry.productRetentions()["wind"]?.term(of: "other") == nil)
        #expect(try registry.productRetentions()["wind"]?.term(of: "p")?.period == hour)
        try registry.setRetention(.model("turbine"), day)
        let retention = try registry.productRetentions()["wind"]
        #expect(retention?.term(of: "other")?.rule == "model turbine keeps 1d")
        #expect(retention?.term(of: "p")?.rule == "point p of product wind keeps 1h")
        #expect(retention?.term(of: "power")?.period == day && retention?.term(of: "state") == nil)
        try set(PointPolicy("state", retention: .forever))
        try registry.setRetention(.model("turbine"), nil)
        #expect(try registry.productRetentions().isEmpty)
    }

    @Test("events and attributes can be dropped by name, and do not count as others")
    func reserved() throws {
        let event = ReservedPoint.event("alarm").name
        try registry.register(
            {
                var registration = Registration()
                registration.points = [.init(product: "wind", point: event, type: .json)]
                return registration
            }())
        try set(others: false)
        #expect(try isStored(event) && found(event).policyMark == 0)
        try set(PointPolicy(event, isStored: false))
        #expect(try !isStored(event))
        #expect(message { try set(PointPolicy(event, name: "e")) }.contains("keep their names"))
    }

    @Test("a policy that would mix series or lose values is refused and changes nothing")
    func refused() throws {
        let half = ValueProcessing(scale: 0.5)
        let cases: [([PointPolicy], String)] = [
            ([PointPolicy("power", name: "x"), PointPolicy("other", name: "x")], "would both be stored as"),
            ([PointPolicy("power", name: "count")], "point \"count\" of the model is int64"),
            ([PointPolicy("count", processing: half)], "0.5 is not an integer"),
            ([PointPolicy("state", processing: half)], "its values are not numbers"),
            ([PointPolicy("none")], "model \"turbine\" has no point"),
            ([PointPolicy("power"), PointPolicy("power", isStored: false)], "has two lines"),
            ([PointPolicy("power", isStored: false, unit: "kW")], "is not stored: say only how long"),
            ([PointPolicy("power", name: "$event/x")], "keep their names"),
            ([PointPolicy("power", name: "a\nb")], "name"),
            (
                [
                    PointPolicy("power", name: "other", retention: .forever),
                    PointPolicy("other", retention: .period(RetentionPeriod(seconds: 5))),
                ], "say once how long"
            ),
        ]
        for (lines, reason) in cases {
            let said = message {
                try registry.changePolicy(ofProduct: "wind", commit: 0) { $0.lines = lines }
            }
            #expect(said.contains(reason), "\(said)")
        }
        #expect(try registry.policy(ofProduct: "wind") == nil)
        #expect(code { try registry.changePolicy(ofProduct: "none", commit: 0) { _ in } } == .notFound)
        try set(PointPolicy("power", name: "other"))
        #expect(
            code { try registry.changeType(ofPoint: "power", inModel: "turbine", to: .int64) { _ in } }
                == .inUse)
    }

    @Test("a line that would not fit any more refuses the change of the model, by every way that adds points")
    func laterTypes() throws {
        try registry.extendModel("turbine", isPassThrough: true)
        let double = ValueProcessing(scale: 2)
        try set(
            PointPolicy("power", name: "p2"), PointPolicy("lim", processing: ValueProcessing(maximum: 3.5)),
            PointPolicy("e5", processing: double), PointPolicy("new", name: "other"))
        let cases: [(MeasurementPoint, String?)] = [
            (MeasurementPoint(id: "p2", type: .int64), "point \"p2\" of the model is int64"),
            (MeasurementPoint(id: "new", type: .bool), "point \"other\" of the model is double"),
            (MeasurementPoint(id: "lim", type: .int64), "3.5 is not an integer"),
            (MeasurementPoint(id: "e5", type: .string), "its values are not numbers"),
            (
                MeasurementPoint(id: "e5", type: .int64, rule: .integerEnumeration(keys: [0, 1])),
                "its values are those of an ENUM"
            ),
            (MeasurementPoint(id: "p2", type: .double), nil), (MeasurementPoint(id: "e5", type: .int64), nil),
            (MeasurementPoint(id: "e5", type: .int64, rule: .timestamp), "those of a TIMESTAMP"),
            (MeasurementPoint(id: "free", type: .bool), nil),
        ]
        for (point, reason) in cases {
            var registration = Registration()
            registration.points = [.init(product: "wind", point: point.id, type: point.type)]
            guard let reason else {
                try registry.extendModel("turbine", points: [point])
                continue
            }
            let said = message { try registry.extendModel("turbine", points: [point]) }
            #expect(said.contains(reason) && said.contains("policy of product \"wind\""), "\(said)")
            if point.rule == nil {
                let declined = try registry.declare(registration.points)
                #expect(declined.reasons[Name(point.id)]?.contains(reason) == true, "\(point.id)")
                #expect(message { try registry.register(registration) }.contains(reason), "\(point.id)")
            }
        }
        #expect(
            message { try registry.changeType(ofPoint: "p2", inModel: "turbine", to: .int64) { _ in } }
                .contains("point \"p2\" of the model is int64"))
        try registry.verifySeal()
    }

    @Test("a line that does not fit takes no sample, holds up no other line, and can be removed")
    func unfitLine() throws {
        // As a registry that an older version wrote may be.
        try set(PointPolicy("power", name: "p2"), PointPolicy("count", processing: ValueProcessing(scale: 3)))
        try fixture.tamper(
            "INSERT INTO point (model, id, position, type, quality) VALUES ('turbine', 'p2', 9, 2, 0)")
        try fixture.tamper("UPDATE point SET type = 4 WHERE id = 'count'")
        let other = try Registry.open(path: fixture.path, create: false)
        for (point, reason) in [
            ("power", "point \"p2\" of the model is int64"), ("count", "are not numbers"),
        ] {
            guard case .unfit(_, let said) = try other.lookUp(product: "wind", device: "T1", point: point)
            else {
                Issue.record("\(point) is taken")
                continue
            }
            #expect(said.contains(reason) && said.contains("product \"wind\""), "\(said)")
        }
        let version = try other.changePolicy(ofProduct: "wind", commit: 0) {
            $0.set(PointPolicy("other", unit: "m"))
        }
        #expect(version.version == 2)
        #expect(
            message {
                try other.changePolicy(ofProduct: "wind", commit: 0) {
                    $0.set(PointPolicy("power", name: "p2", unit: "m"))
                }
            }
            .contains("of the model is int64"))
        try other.changePolicy(ofProduct: "wind", commit: 0) { $0.remove("power") }
        guard case .found = try other.lookUp(product: "wind", device: "T1", point: "power") else {
            Issue.record("power is not taken")
            return
        }
    }

    @Test(
        "what the text of a policy says is read back, for random policies", arguments: 0..<40 as Range<UInt64>
    )
    func text(_ seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var policy = ProductPolicy(storesOthers: .random(using: &random))
        for name in ["a", "b\"", "$event/x", "é", "zz"] where Bool.random(using: &random) {
            var line = PointPolicy(name, isStored: .random(using: &random))
            if Bool.random(using: &random) { line.name = name + "2" }
            if Bool.random(using: &random) {
                line.processing = ValueProcessing(
                    scale: Double(bitPattern: .random(in: 1...0x7FE0_0000_0000_0000, using: &random)),
                    offset: .random(in: -1e9...1e9, using: &random),
                    minimum: Bool.random(using: &random) ? -0.1 : nil, maximum: 1e300)
            }
            if Bool.random(using: &random) { line.unit = "m/s²" }
            line.retention =
                [
                    nil, .forever,
                    .period(RetentionPeriod(seconds: .random(in: 1...9_999_999, using: &random))),
                    .period(RetentionPeriod(seconds: 60, basis: .arrival)),
                ].randomElement(using: &random) ?? nil
            policy.lines.append(line)
        }
        policy.lines.sort { Name($0.point) < Name($1.point) }
        #expect(try ProductPolicy(json: Array(policy.json.line().utf8)) == policy, "seed \(seed)")
    }

    @Test("a policy in a file is refused with its line")
    func badText() {
        let cases = [
            ("[{\"point\":\"a\"},\n{\"points\":\"b\"}]", "line 2: unknown member \"points\""),
            ("[{\"scale\":2}]", "a line has no \"point\""),
            ("[{\"point\":\"a\",\"scale\":\"2\"}]", "is not a number"),
            (
                "[{\"point\":\"a\",\n\"offset\":9007199254740993}]",
                "line 2: \"offset\": 9007199254740993 is not"
            ),
            ("[{\"point\":\"a\",\"keep\":\"soon\"}]", "neither forever nor a time"),
            ("[{\"point\":\"a\",\"by\":\"arrival\"}]", "belongs to a \"keep\""),
            ("[{\"others\":\"some\"}]", "as store or drop"), ("{}", "line 1"), ("", "line 1"),
        ]
        for (text, reason) in cases {
            let said = message { _ = try ProductPolicy(json: Array(text.utf8)) }
            #expect(said.contains(reason), "\(text): \(said)")
        }
    }

    @Test(
        "a number is kept as it was written, or refused",
        arguments: [
            ("9007199254740992", true), ("9007199254740993", false), ("-9007199254740993", false),
            ("0.1", true),
            ("9007199254740993.0", false), ("1.00000000000000000001", false), ("1e-400", false),
            ("1e3", true),
            ("5.0", true), ("+5", true), ("-0", true), ("1e300", true), ("1152921504606846976", true),
            ("1152921504606847000", false), ("0.30000000000000004", true), ("x", false), ("", false),
        ])
    func exact(text: String, isTaken: Bool) {
        #expect(PointPolicy.exactNumber(text) == (isTaken ? Double(text) : nil))
    }

    @Test("what a number of a policy is written as is taken again")
    func writtenExactly() {
        for power in 40..<1000 {
            for near in [-1.0, 0, 1] {
                let number = scalbn(1.0, power) + near * max(1, scalbn(1.0, power - 52))
                let text = JSONText.double(number).line()
                #expect(PointPolicy.exactNumber(text) == number, "\(text)")
            }
        }
    }
}
