// ExactnessTests.swift — the readings of a file arrive bit for bit.

import Foundation
import Testing
import VarveModel
import VarvePublisher
import VarveTestSupport
import VarveTransfer

@Suite(.serialized, .timeLimit(.minutes(3))) struct ExactnessTests {
    @Test("doubles arrive bit for bit, with and without known types", arguments: [true, false])
    func doubles(typed: Bool) throws {
        let setup = try Setup()
        let seed: UInt64 = 5
        var generator = SeededGenerator(seed: seed)
        var doubles: [Double] = [
            0, -0.0, 1, -1, 0.1, 1e15, 1e16, 123_456_789_012_345_680, .leastNonzeroMagnitude,
            1.797_693_134_862_315_7e308,
            2.225_073_858_507_201_4e-308, 0.001, 0.000_999, 1 / 3, 999_999_999_999_999.9,
        ]
        for _ in 0..<5000 {
            let bits = Double(bitPattern: generator.next())
            if bits.isFinite { doubles.append(bits) }
            doubles.append((Double.random(in: -1e6...1e6, using: &generator) * 1000).rounded() / 1000)
        }
        let lines = doubles.enumerated().map { "d,p,\($0.offset + 1),\($0.element)" }
        let file = try setup.folder.write(lines: ["device,point,time,value"] + lines, "doubles.csv")
        var options = PublishFileOptions()
        options.reading.timeUnit = .milliseconds
        if typed { options.types = FakeDirectory(everyDeviceHas: ["p": .double]) }
        let result = try setup.publish(file, options)
        #expect(result.rows == UInt64(doubles.count) && result.acknowledged == result.batches)
        let readings = setup.receiver.messages.flatMap(\.readings)
        #expect(readings.count == doubles.count)
        for (reading, expected) in zip(readings, doubles) {
            #expect(
                Double(reading.value)?.bitPattern == expected.bitPattern,
                "seed \(seed): \(expected) came as \(reading.value)")
            #expect(reading.value.utf8.count <= "\(expected)".utf8.count, "\(expected) is not the shortest")
        }
    }

    @Test("every type, quality and missing value is sent in its form")
    func forms() throws {
        let setup = try Setup()
        let file = try setup.folder.write(
            lines: [
                "device,point,time,value,quality",
                "d,f,1,1.50,", "d,f,2,nan,", "d,f,3,-inf,9", "d,f,4,Infinity,", "d,f,5,,3", "d,f,6,,",
                "d,i,1,9007199254740993,", "d,i,2,-9223372036854775808,0", "d,b,1,TRUE,", "d,b,2,0,",
                "d,s,1,5,", "d,s,2,\"say \"\"hi\"\" ü\",-7", "d,s,3,\"\",",
                "d,j,1,\"{\"\"b\"\":[1, 2],\"\"a\"\":null}\",", "d,x,1,12,", "d,x,2,twelve,",
            ], "forms.csv")
        var options = PublishFileOptions()
        options.reading.timeUnit = .milliseconds
        options.types = FakeDirectory(everyDeviceHas: [
            "f": .double, "i": .int64, "b": .bool, "s": .string, "j": .json,
        ])
        let result = try setup.publish(file, options)
        #expect(result.rows == 16 && result.skipped == 1 && result.rejected == 0)
        func reading(_ point: String, _ time: String, _ value: String, _ quality: String? = nil) -> Reading {
            Reading(device: "d", point: point, time: time, value: value, quality: quality)
        }
        let expected: Set = [
            reading("f", "1", "1.5"), reading("f", "2", "\"NaN\""), reading("f", "3", "\"-Infinity\"", "9"),
            reading("f", "4", "\"Infinity\""), reading("f", "5", "null", "3"),
            reading("i", "1", "9007199254740993"), reading("i", "2", "-9223372036854775808", "0"),
            reading("b", "1", "true"), reading("b", "2", "false"), reading("s", "1", "\"5\""),
            reading("s", "2", "\"say \\\"hi\\\" ü\"", "-7"), reading("s", "3", "\"\""),
            reading("j", "1", "{\"a\":null,\"b\":[1,2]}"), reading("x", "1", "12"),
            reading("x", "2", "\"twelve\""),
        ]
        #expect(Set(setup.receiver.messages.flatMap(\.readings)) == expected)
    }

    @Test(
        "an object that looks like a value with quality is sent inside such a pair, and only such an object")
    func pairs() throws {
        let setup = try Setup()
        let objects = [
            #"{"quality":2,"value":1}"#, #"{"quality":null,"value":null}"#, #"{"value":1}"#,
            #"{"a":"quality"}"#,
            #"{"q\\uality":1}"#, #"{"x":[1,2]}"#,
        ]
        let file = try setup.folder.write(
            lines: ["device,point,time,value"]
                + objects.enumerated().map {
                    "d,j,\($0.offset + 1),\"\($0.element.replacing("\"", with: "\"\""))\""
                }, "pairs.csv")
        var options = PublishFileOptions()
        options.reading.timeUnit = .milliseconds
        options.types = FakeDirectory(everyDeviceHas: ["j": .json])
        try setup.publish(file, options)
        let text = String(decoding: try #require(setup.receiver.messages.first).payload, as: UTF8.self)
        for (index, object) in objects.enumerated() {
            let isWrapped = [0, 1, 3, 4].contains(index)
            #expect(
                text.contains("{\"value\":\(object),\"quality\":null}") == isWrapped, "\(object) in \(text)")
            #expect(isWrapped || text.contains("\"j\":\(object)"), "\(object) in \(text)")
        }
    }

    @Test("events and attributes are rejected before anything of them is sent")
    func reserved() throws {
        let setup = try Setup()
        let file = try setup.folder.write(
            lines: ["device,point,time,value", "d,$event/e,1,[1]", "d,p,1,1", "d,$attribute/a,1,1"], "r.csv")
        var options = PublishFileOptions()
        options.reading.timeUnit = .milliseconds
        let result = try setup.publish(file, options)
        #expect(result.rejected == 2 && result.acknowledged == 1)
        #expect(setup.receiver.messages.flatMap(\.readings).map(\.point) == ["p"])
        let rejected = try setup.folder.text("r.csv.rejected.csv")
        #expect(rejected.contains("is an event, and only measurement points can be published"))
        #expect(rejected.contains("is an attribute, and only"))
    }

    @Test("without types the text of a value decides its form")
    func untyped() throws {
        let setup = try Setup()
        let file = try setup.folder.write(
            lines: [
                #"{"device":"d","point":"p","time":1,"value":1.0}"#,
                #"{"device":"d","point":"p","time":2,"value":"1.0"}"#,
                #"{"device":"d","point":"p","time":3,"value":-0}"#,
                #"{"device":"d","point":"p","time":4,"value":true}"#,
                #"{"device":"d","point":"p","time":5,"value":[1, {"b":1,"a":"x"}]}"#,
                #"{"device":"d","point":"p","time":6,"value":"NaN"}"#,
                #"{"device":"d","point":"p","time":7,"value":null,"quality":1}"#,
                #"{"device":"d","point":"p","time":8,"value":9223372036854775808}"#,
                #"{"device":"d","point":"p","time":9,"value":"a\u0001\n"}"#,
            ], "values.ndjson")
        var options = PublishFileOptions()
        options.reading.timeUnit = .milliseconds
        try setup.publish(file, options)
        let values = setup.receiver.messages.flatMap(\.readings).map(\.value)
        #expect(
            values == [
                "1", "\"1.0\"", "-0", "true", #"[1,{"a":"x","b":1}]"#, "\"NaN\"", "null",
                "9.223372036854776e18", #""a\u0001\n""#,
            ])
    }

    @Test("rows that cannot be read go to the rejected file, and all others are taken")
    func badRows() throws {
        let setup = try Setup()
        let file = try setup.folder.write(
            lines: [
                "device,point,time,value,product", "d,p,1,1,", "d,p,x,2,", "d,p,3", "d,p,4,4,other",
                ",p,5,5,",
                "d,p,6,six,p",
            ], "bad.csv")
        var options = PublishFileOptions()
        options.reading.timeUnit = .seconds
        options.types = FakeDirectory(everyDeviceHas: ["p": .double])
        let result = try setup.publish(file, options)
        #expect(result.rows == 6 && result.rejected == 5 && result.acknowledged == 1)
        let rejected = try setup.folder.text("bad.csv.rejected.csv").split(separator: "\n").map {
            $0.prefix(2)
        }
        #expect(rejected == ["# ", "#r", "li", "3,", "4,", "5,", "6,", "7,"])
        #expect(setup.receiver.messages.flatMap(\.readings).map(\.value) == ["1"])
        let again = try setup.publish(file, options)
        #expect(again.wasFinished && again.rejected == 5)
    }

    @Test("items of a program arrive, and refused ones are named")
    func items() throws {
        let setup = try Setup { message, _ in
            [Answer(id: message.id, code: message.readings.contains { $0.value == "13" } ? 1204 : 200)]
        }
        let publisher = Publisher(setup.options)
        defer { publisher.close() }
        let items = (0..<40).map { number in
            PublisherItem(
                device: "d\(number % 2)", time: Timestamp(nanoseconds: Int64(number) * 1_000_000),
                points: [
                    .init("n", .int64(Int64(number)), quality: 1), .init("s", .string("t\"\(number)")),
                    .init("m", nil, quality: 2),
                ])
        }
        try publisher.send(items)
        try publisher.send([
            PublisherItem(device: "d", time: Timestamp(nanoseconds: 1), points: [.init("x", .double(.nan))])
        ])
        let refusals = try publisher.waitForReplies()
        #expect(refusals.map(\.nanoseconds) == [13_000_000])
        #expect(
            refusals.first?.device == "d1" && refusals.first?.point == "n" && refusals.first?.code == 1204)
        let taken = Set(setup.receiver.messages.flatMap(\.readings).filter { $0.value != "13" })
        #expect(taken.count == 40 * 3)
        #expect(throws: PublisherError.self) {
            try publisher.send([
                PublisherItem(device: "d", time: Timestamp(nanoseconds: 1), points: [.init("x", nil)])
            ])
        }
    }
}
