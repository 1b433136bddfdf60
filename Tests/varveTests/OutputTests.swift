// OutputTests.swift — tables and JSON as the commands print them.

import Testing
import VarveModel
import VarveRegistry
import VarveText

@testable import varve

@Suite struct TextTableTests {
    @Test("columns are aligned, numbers on the right, absent values are dashes, lines end without spaces")
    func alignment() {
        var table = TextTable([.init(title: "NAME"), .init(title: "N", isNumber: true), .init(title: "LAST")])
        table.append(["Möwe", "1234", nil])
        table.append(["a", "7", "x"])
        table.append(["b"])
        #expect(table.text() == "NAME     N  LAST\nMöwe  1234  -\na        7  x\nb        -  -\n")
    }

    @Test("later rows line up under earlier ones, without another header")
    func laterRows() {
        var table = TextTable([.init(title: "A"), .init(title: "N", isNumber: true), .init(title: "B")])
        table.append(["long", "1", "x"])
        #expect(table.takeLines() == "A     N  B\nlong  1  x\n")
        table.append(["a", "2", "y"])
        #expect(table.takeLines() == "a     2  y\n")
        #expect(table.takeLines() == "")
        table.append(["longer", "3", "z"])
        #expect(table.takeLines() == "longer  3  z\n")
    }

    @Test("a long value does not widen the table: it is cut, except in the last column")
    func longValues() {
        var table = TextTable([.init(title: "CLIENT"), .init(title: "WHAT")])
        let long = String(repeating: "x", count: 5000)
        table.append([long, long])
        let lines = table.text().split(separator: "\n")
        let cut = String(repeating: "x", count: TextTable.longestValue - 1) + "…"
        #expect(lines[1] == "\(cut)  \(long)")
        #expect(TextTable.fitting(String(repeating: "y", count: TextTable.longestValue)).last == "y")
    }

    @Test("invisible characters are escapes in every column")
    func invisible() {
        var table = TextTable(titles: ["A", "B"])
        table.append(["a\u{202E}b", "c\u{1B}[2J\nd\u{2066}\u{FEFF}"])
        #expect(table.text() == "A           B\na\\u{202E}b  c\\u{1B}[2J\\nd\\u{2066}\\u{FEFF}\n")
    }

    @Test("a table without rows is its header")
    func empty() {
        #expect(TextTable(titles: ["A", "B"]).text() == "A  B\n")
    }
}

@Suite struct JSONTextTests {
    @Test("values have their JSON form, and members keep the order given")
    func forms() {
        let value = JSONText.object([
            ("z", .null),
            ("a", .array([.bool(true), .integer(.min), .double(0.1), .double(.nan), .array([])])),
            ("o", .object([])),
        ])
        #expect(value.line() == #"{"z":null,"a":[true,-9223372036854775808,0.1,null,[]],"o":{}}"#)
    }

    @Test("text is escaped where JSON requires it, and otherwise unchanged")
    func escapes() {
        #expect(JSONText.string("a\"b\\c\n\r\t\u{1}\u{1F}/é🌊").line() == #""a\"b\\c\n\r\t\u0001\u001f/é🌊""#)
    }

    @Test("a list has one element a line")
    func lines() {
        #expect(JSONText.lines([]) == "[]")
        #expect(JSONText.lines([.integer(1), .integer(2)]) == "[\n1,\n2\n]")
    }

    @Test("import reads what list --json prints", arguments: ["plain", "q\"uo,te\\ é 🌊"])
    func roundTrip(name: String) throws {
        let model = Model(
            id: name, name: "n " + name,
            points: [
                MeasurementPoint(id: name, type: .int64, hasQuality: true, unit: name),
                MeasurementPoint(id: "b", type: .json),
            ])
        let product = Product(key: name, model: name, name: name, format: .custom, duplicates: .first)
        let device = Device(product: name, key: name, assetID: name, timeZone: "UTC")
        try TemporaryRegistry.with { registry in
            func take(_ kind: ImportKind, _ json: JSONText) throws {
                _ = try registry.importRows(
                    kind, from: Array(JSONText.lines([json]).utf8), named: "f.json",
                    isTimeZone: SystemZones.isKnown)
            }
            try take(.models, model.json)
            try take(.products, product.json)
            try take(.devices, device.json)
            #expect(try registry.models() == [model])
            #expect(try registry.products() == [product])
            #expect(try registry.devices() == [device])
        }
    }
}

@Suite struct ZoneNamesTests {
    @Test("names of the database and offsets are known, invented names are not")
    func known() {
        for zone in ["UTC", "Europe/Paris", "Asia/Kolkata", "Etc/GMT+5", "GMT", "+02:00", "UTC+5"] {
            #expect(SystemZones.isKnown(zone), "\(zone)")
        }
        for zone in ["", "Mars/X", "IST", "UTC5", "../etc/passwd"] {
            #expect(!SystemZones.isKnown(zone), "\(zone)")
        }
    }
}
