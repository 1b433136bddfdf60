// RegistryImportTests.swift — models, products and devices from files.

import Testing
import VarveModel

@testable import VarveRegistry

@Suite struct RegistryImportTests {
    private let fixture: RegistryFixture

    init() throws {
        fixture = try RegistryFixture()
    }

    private static let models = "model,point,type,quality,unit\nm,a,double,true,kW\nm,b,string,,\nempty,,,,\n"
    private static let products =
        "product,model,secret,format,name,duplicates\np,m,s,custom,The P,first\nq,m,,,,\n"

    private func take(
        _ registry: Registry, _ kind: ImportKind, _ text: String, _ name: String = "f.csv"
    ) throws
        -> ImportOutcome
    {
        try registry.importRows(kind, from: Array(text.utf8), named: name) { $0 == "UTC" }
    }

    @Test("CSV creates models, products and devices, and a second import changes nothing")
    func csv() throws {
        let registry = fixture.registry
        #expect(
            try take(registry, .models, Self.models) == ImportOutcome(created: 2, points: 2, unchanged: 0))
        #expect(
            try registry.model("m").points == [
                MeasurementPoint(id: "a", type: .double, hasQuality: true, unit: "kW"),
                MeasurementPoint(id: "b", type: .string),
            ])
        #expect(try take(registry, .products, Self.products).created == 2)
        let product = try registry.product("p")
        #expect(
            product
                == Product(
                    key: "p", model: "m", name: "The P", secret: "s", format: .custom, duplicates: .first))
        #expect(try registry.product("q").secret.count == 32)
        let devices = "timezone,product,device\r\nUTC,p,\"d,1\"\r\n\r\n,q,\"d \"\"2\"\"\"\r\n"
        #expect(try take(registry, .devices, "\u{FEFF}" + devices).created == 2)
        #expect(try registry.device(named: "d,1").timeZone == "UTC")
        #expect(try registry.device(named: "d \"2\"").product == "q")
        let before = try registry.exportText()
        #expect(try take(registry, .models, Self.models).unchanged == 3)
        #expect(try take(registry, .products, Self.products).unchanged == 2)
        #expect(try take(registry, .devices, devices).unchanged == 2)
        #expect(try registry.exportText() == before)
        try registry.verifySeal()
    }

    @Test("JSON creates the same as CSV, with any extension of the name")
    func json() throws {
        let registry = fixture.registry
        let models = """
            [{"model": "m", "name": "The \\u004d \\ud83c\\udf0a", "points": [
              {"point": "a", "type": "double", "quality": true, "unit": "kW"},
              {"point": "b", "type": "json", "quality": false, "unit": null}]},
             {"model": "empty", "name": null, "points": []}]
            """
        let outcome = try take(registry, .models, models, "stdin")
        #expect(outcome == ImportOutcome(created: 2, points: 2, unchanged: 0))
        #expect(try registry.model("m").name == "The M 🌊")
        #expect(try registry.model("m").points[1] == MeasurementPoint(id: "b", type: .json))
        #expect(try take(registry, .products, "[{\"product\":\"p\",\"model\":\"m\"}]", "x.JSON").created == 1)
        #expect(try take(registry, .devices, " \n[]", "-") == ImportOutcome())
    }

    @Test("new points are added to an existing model")
    func growingModel() throws {
        let registry = fixture.registry
        _ = try take(registry, .models, Self.models)
        let outcome = try take(registry, .models, "model,point,type\nm,a,double\nm,c,int64\n")
        #expect(outcome == ImportOutcome(created: 0, points: 1, unchanged: 1))
        #expect(try registry.model("m").points.map(\.id) == ["a", "b", "c"])
    }

    @Test(
        "a bad row is refused with its line, and nothing is created",
        arguments: [
            (
                ImportKind.models, "model,point,type\nn,a,double\nn,b,float\n",
                "f.csv:3: unknown type \"float\""
            ),
            (
                .models, "model,point,type\nn,a,double\nm,a,int64\n",
                "f.csv:3: point \"a\" of model \"m\" is double"
            ),
            (.models, "model,point,type\nn,,double\n", "f.csv:2: type is given without a point"),
            (.models, "model,point,type,quality\nn,a,double,maybe\n", "f.csv:2: quality is \"maybe\""),
            (
                .models, "model,point,type,unit\nm,a,double,MW\n",
                "f.csv:2: point \"a\" of model \"m\" exists with another unit"
            ),
            (.models, "model,point\nn,a\n", "f.csv:1: column type is missing"),
            (.models, "model,point,type,Unit\n", "f.csv:1: unknown column \"Unit\""),
            (.models, "model,point,type,type\n", "f.csv:1: column type is there twice"),
            (.models, "", "f.csv is empty"),
            (.models, "model,point,type\nn,a\n", "f.csv:2: the line has 2 fields and the header 3"),
            (.models, "model,point,type\n,a,double\n", "f.csv:2: model is missing"),
            (.products, "product,model\nr,m\ns,none\n", "f.csv:3: there is no model \"none\""),
            (.products, "product,model\nr/s,m\n", "f.csv:2: product key \"r/s\" has a \"/\""),
            (.products, "product,model,format\nr,m,xml\n", "f.csv:2: unknown format \"xml\""),
            (.products, "product,model,duplicates\nr,m,both\n", "f.csv:2: unknown duplicate policy"),
            (
                .products, "product,model,secret\nr,m,s\nr,m,t\n",
                "f.csv:3: product \"r\" exists with another secret"
            ),
            (.devices, "device,product\nd,none\n", "f.csv:2: there is no product \"none\""),
            (.devices, "device,product,timezone\nd,none,Mars\n", "f.csv:2: there is no time zone \"Mars\""),
            (.devices, "device,product\n\"d,p\n", "f.csv:2: the line begins a quoted field"),
            (.devices, "device,product\nd\"x,p\n", "f.csv:2: the line has a quote inside"),
            (.devices, "device,product\n\"a\nb\"x,p\n", "f.csv:3: the line has text after"),
        ])
    func badCSV(kind: ImportKind, text: String, start: String) throws {
        let registry = fixture.registry
        _ = try take(registry, .models, Self.models)
        let before = try registry.exportText()
        let message = message { _ = try take(registry, kind, text) }
        #expect(message.hasPrefix(start))
        #expect(try registry.exportText() == before)
        try registry.verifySeal()
    }

    @Test(
        "bad JSON is refused with its line",
        arguments: [
            ("{\"model\":\"m\"}", "f.json:1: there is no JSON array"),
            ("", "f.json:1: there is no JSON array"),
            ("[1]", "f.json:1: an element is no object"),
            ("[\n{\"model\":\"m\",\n\"size\":1}]", "f.json:3: unknown column \"size\""),
            ("[\n{\"model\":7}]", "f.json:2: model is no text"),
            ("[{\"model\":\"m\",\"model\":\"n\"}]", "f.json:1: model is there twice"),
            ("[{\"model\":\"m\",\"points\":{}}]", "f.json:1: points is no array"),
            ("[{\"model\":\"m\",\"points\":[\n{\"point\":\"a\"}]}]", "f.json:2: type is missing"),
            ("[{\"model\":\"m\",\"points\":[{\"name\":\"a\"}]}]", "f.json:1: unknown column \"name\""),
            ("[{\"model\":\"m\"}", "f.json:1: \",\" or \"]\" is missing"),
            ("[{\"model\":\"m\"},]", "f.json:1: neither a value nor a number"),
            ("[{\"model\":\"m\"}] x", "f.json:1: there is text after"),
            ("[{\"model\":\"m", "f.json:1: a text does not end"),
            ("[{\"model\":\"\\ud800\"}]", "f.json:1: a \\u escape is half of a pair"),
            ("[{\"model\":\"\\u00g0\"}]", "f.json:1: a \\u escape has no four"),
            ("[{\"model\":\"\\x\"}]", "f.json:1: a text has an unknown escape"),
            ("[{\"model\":nul}]", "f.json:1: an unknown word"),
            ("[{model:1}]", "f.json:1: a member has no name"),
            ("[" + String(repeating: "[", count: 100_000), "f.json:1: values are nested deeper"),
        ])
    func badJSON(text: String, start: String) throws {
        let registry = fixture.registry
        let message = message { _ = try take(registry, .models, text, "f.json") }
        #expect(message.hasPrefix(start), "\(message)")
        #expect(try registry.exportText().rows == 0)
    }

    @Test("a good file cut anywhere is an error or a shorter good file, never a trap")
    func cutFiles() throws {
        let registry = fixture.registry
        let json =
            "[{\"model\":\"m\",\"points\":[{\"point\":\"\\u00e9\",\"type\":\"double\",\"quality\":true}]}]"
        for text in [Self.models, "model,point,type\n\"m\"\"\",\"a\r\nb\",double\r\n", json] {
            let bytes = Array(text.utf8)
            for count in 0..<bytes.count {
                for name in ["f.csv", "f.json", "-"] {
                    do {
                        _ = try registry.importRows(.models, from: Array(bytes[..<count]), named: name) { _ in
                            true
                        }
                    } catch is RegistryError {}
                }
            }
        }
        try registry.verifySeal()
    }

    @Test("bytes that are not UTF-8 are refused")
    func notUTF8() throws {
        let registry = fixture.registry
        for name in ["f.csv", "f.json"] {
            let start = name == "f.csv" ? "model,point,type\n" : "[{\"model\":\""
            let bytes = Array(start.utf8) + [0xFF, 0x22, 0x0A]
            #expect(
                code { _ = try registry.importRows(.models, from: bytes, named: name) { _ in true } }
                    == .malformedInput)
        }
    }
}
