// EnOSExportTests.swift — what `model export` writes is read back as an equal model.

import Testing
import VarveModel
import VarveTestSupport

@testable import VarveRegistry

@Suite struct EnOSExportTests {
    private static func readBack(_ text: String) throws -> [Model] {
        try EnOSModels(of: Array(text.utf8), named: "m.json")?.models.map(\.model) ?? []
    }

    /// A random rule.
    private static func rule(_ random: inout SeededGenerator, depth: Int, nests: Bool) -> ValueRule {
        let plain: [ValueRule] = [
            .int, .float, .double, .bool, .date, .timestamp, .file,
            .string(maximumBytes: [1, 64, 1024].randomElement(using: &random) ?? 1),
            .integerEnumeration(keys: [0, -5, .max]), .textEnumeration(keys: ["off", "é", "a,b", "\u{1}"]),
        ]
        switch Int.random(in: 0..<5, using: &random) {
        case 0: return .array(of: plain.randomElement(using: &random) ?? .int)
        case 1 where depth == 0 || nests:
            let count = Int.random(in: 1..<4, using: &random)
            return .structure(
                (0..<count).map { index in
                    ValueRule.StructureMember(
                        name: "m\(index) \"x\"",
                        rule: rule(&random, depth: depth + 1, nests: nests && depth == 0),
                        isRequired: Bool.random(using: &random))
                })
        default: return plain.randomElement(using: &random) ?? .int
        }
    }

    /// A random model.
    private static func model(_ id: String, _ random: inout SeededGenerator) -> Model {
        var model = Model(
            id: id, name: Bool.random(using: &random) ? "名 \"\(id)\"" : nil,
            isPassThrough: Bool.random(using: &random))
        for number in 0..<Int.random(in: 0..<8, using: &random) {
            let rule = Bool.random(using: &random) ? rule(&random, depth: 0, nests: false) : nil
            let type = rule?.storedType ?? ValueType.allCases.randomElement(using: &random) ?? .double
            model.points.append(
                MeasurementPoint(
                    id: "p.\(number)", type: type, hasQuality: Bool.random(using: &random),
                    unit: ["m/s", "kW", nil].randomElement(using: &random) ?? nil, rule: rule))
        }
        for number in 0..<Int.random(in: 0..<5, using: &random) {
            var output: ValueRule?
            if Bool.random(using: &random) {
                output = .structure(
                    (0..<Int.random(in: 1..<4, using: &random)).map { index in
                        ValueRule.StructureMember(
                            name: "o\(index)", rule: rule(&random, depth: 1, nests: true),
                            isRequired: Bool.random(using: &random))
                    })
            }
            model.features.append(ModelFeature(.event, "e\(number)", rule: output))
        }
        for number in 0..<Int.random(in: 0..<5, using: &random) {
            model.features.append(
                ModelFeature(
                    .attribute, "a\(number)",
                    rule: Bool.random(using: &random) ? rule(&random, depth: 0, nests: false) : nil))
        }
        return model
    }

    @Test("random models with rules of every kind are read back as they were, one or many")
    func random() throws {
        let seed = UInt64.random(in: 0 ... .max)
        var random = SeededGenerator(seed: seed)
        let models = (0..<300).map { Self.model("m\($0)", &random) }
        for model in models {
            #expect(try Self.readBack(model.enosText()) == [model], "seed \(seed): \(model.enosText())")
        }
        #expect(try Self.readBack(Model.enosText(models)) == models, "seed \(seed)")
    }

    @Test("what EnOS can express is written in its own members only")
    func plain() throws {
        let model = Model(
            id: "m",
            points: [
                MeasurementPoint(id: "p", type: .int64, unit: "kW", rule: .integerEnumeration(keys: [0, 1])),
                MeasurementPoint(id: "q", type: .double, hasQuality: true, rule: .double),
            ],
            features: [
                ModelFeature(
                    .event, "e",
                    rule: .structure([.init(name: "code", rule: .string(maximumBytes: 9), isRequired: true)])),
                ModelFeature(.attribute, "a", rule: .array(of: .float)),
            ])
        #expect(!model.enosText().contains("varve"))
        #expect(
            model.enosText()
                == #"{"modelId":"m","attributes":{"a":{"identifier":"a","dataType":"ARRAY","dataDefinition":"#
                + #"{"itemType":"FLOAT"}}},"measurepoints":{"p":{"identifier":"p","dataType":"ENUM","#
                + #""dataDefinition":{"enumType":"INT","enumDesc":{"0":"0","1":"1"}},"hasQuality":false,"unit":"kW"},"#
                + #""q":{"identifier":"q","dataType":"DOUBLE","hasQuality":true}},"events":{"e":{"identifier":"e","#
                + #""outputData":{"code":{"identifier":"code","dataType":"STRING","dataDefinition":{"maxLength":9},"#
                + #""required":true}}}}}"#)
    }

    @Test("members of Varve that cannot be understood are errors with their place")
    func wrong() {
        for (member, reason) in [
            (#""varveType":"real""#, "measurepoints.p.varveType is \"real\", which is no type"),
            (#""varveRule":"INT(3)""#, "measurepoints.p.varveRule is no rule"),
        ] {
            let text = #"{"modelId":"m","measurepoints":{"p":{"dataType":"INT",\#(member)}}}"#
            #expect(message { _ = try Self.readBack(text) }.contains(reason), "\(member)")
        }
    }
}
