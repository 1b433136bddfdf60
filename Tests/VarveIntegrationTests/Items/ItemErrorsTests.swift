// ItemErrorsTests.swift — all faults of a message are answered, and how many at most.

import Testing
import VarveModel
import VarveTestSupport

@testable import VarveIntegration

@Suite("Faults of items")
struct ItemErrorsTests {
    @Test("a refused message lists every fault with its place; its code and message are those of the first")
    func list() throws {
        var channel = TestChannel()
        let items = [
            #"{"deviceKey":"d1","measurepoints":{"num":1,"int":1.5,"none":2,"text":"ok","flag":7},"time":1}"#,
            #"{"deviceKey":"nobody","measurepoints":{"num":1,"int":"x"},"time":1}"#, "5",
            #"{"measurepoints":{"num":1}}"#, #"{"deviceKey":"d2","measurepoints":{"num":1},"time":"x"}"#,
            #"{"deviceKey":"d2","measurepoints":{"num":1,"num":2}}"#,
            #"{"measurepoints":{"num":{"value":1,"quality":0.5},"none":1},"deviceKey":"d2"}"#,
            #"{"deviceKey":"d1","measurepoints":{"num":1},"time":2}"#,
        ]
        let answer = try channel.post(payload(items.joined(separator: ",")))
        #expect(
            answer.errors.map(\.place) == [
                "0 d1 int 1204", "0 d1 none 1204", "0 d1 flag 1204", "1 nobody - 1257", "2 - - 1220",
                "3 - - 1220",
                "4 d2 - 1220", "5 d2 - 1220", "6 d2 num 1204", "6 d2 none 1204",
            ])
        #expect(answer.code == 1204 && answer.message == answer.errors.first?.reason && answer.data.isEmpty)
        #expect(channel.log.events.map(\.reason) == ["\(answer.message ?? ""); 9 more faults"])
        #expect(channel.log.events.map(\.device) == ["d1"])
        #expect(channel.sink.batches.isEmpty)
    }

    @Test(
        "faults of items are not listed if the message is refused for another reason",
        arguments: [
            (#"{"method":"integration.measurepoint.post","params":[1,{}],}"#, 1220),
            (#"{"method":"integration.measurepoint.post","params":[1,{}]"#, 1220),
            (#"{"method":"integration.event.post","params":[1,{}]}"#, 1260), (#"{"params":[1,{}]}"#, 1220),
            (#"{"id":[],"method":"integration.measurepoint.post","params":[1]}"#, 1220),
        ])
    func outranked(text: String, code: Int) throws {
        var channel = TestChannel()
        let answer = try channel.post(text)
        #expect(answer.code == code && answer.errors.isEmpty && answer.data.isEmpty)
    }

    @Test("an unknown product is one fault, however many items there are")
    func unknownProduct() throws {
        var channel = TestChannel()
        let item = #"{"deviceKey":"d1","measurepoints":{"num":1}}"#
        let answer = try channel.post(
            payload("1,\(item),\(item)"), topic: "sys/Q/integration/measurepoint/post")
        #expect(answer.code == 1009 && answer.errors.isEmpty)
        #expect(channel.directory.lookUps == 1)
    }

    @Test("100 faults are listed and the others counted")
    func hundred() throws {
        var channel = TestChannel()
        for (count, more) in [(100, nil), (101, 1), (5000, 4900)] as [(Int, Int?)] {
            let answer = try channel.post(payload(Array(repeating: "1", count: count).joined(separator: ",")))
            #expect(answer.errors.map(\.index) == Array(0..<100))
            #expect(answer.data["moreErrors"] == more)
        }
    }

    @Test("the list of one answer ends at 16 KiB, and has at least one fault")
    func longList() throws {
        var channel = TestChannel()
        let name = String(repeating: "\u{1F600}", count: 60)
        let points = (0..<100).map { "\"\(name.dropLast(3))\($0)\":1" }.joined(separator: ",")
        let answer = try channel.post(payload("{\"deviceKey\":\"d1\",\"measurepoints\":{\(points)}}"))
        #expect(answer.text.utf8.count > 8 << 10 && answer.text.utf8.count < 17 << 10)
        #expect(answer.errors.count + (answer.data["moreErrors"] ?? 0) == 100)
    }

    @Test("all lists of a group together end at 8 MiB and one fault each")
    func longLists() throws {
        var channel = TestChannel()
        let points = (0..<100).map { "\"\($0)\(String(repeating: "x", count: 57))\":1" }.joined(
            separator: ",")
        let bad = payload("{\"deviceKey\":\"d1\",\"measurepoints\":{\(points)}}")
        let texts = try channel.texts(Array(repeating: Array(bad.utf8), count: 600))
        #expect(texts.reduce(0) { $0 + $1.count } < 9 << 20)
        let answers = try [texts.first, texts.last].map { try TestChannel.answer("t", 1, #require($0)) }
        #expect(answers.map { $0.errors.count + ($0.data["moreErrors"] ?? 0) } == [100, 100])
        #expect(try #require(answers.first?.errors.count) > 50)
        #expect(answers.last?.errors.count == 1)
    }

    @Test("a message of nothing but faults costs bounded work")
    func bounded() throws {
        var channel = TestChannel()
        let faults = (0..<30_000).map { _ in "1" }.joined(separator: ",")
        let many = try channel.post(payload(faults))
        #expect(many.code == 1220 && many.data["moreErrors"] == 9_900)
        let names = (0..<3000).map { "\"x\($0)\":1" }.joined(separator: ",")
        let unknown = try channel.post(payload("{\"deviceKey\":\"d1\",\"measurepoints\":{\(names)}}"))
        #expect(unknown.code == 1204 && unknown.data["moreErrors"] == 901)
        #expect(channel.directory.lookUps == 1001)
        // The registry is asked once for a name that many items have.
        let items = Array(repeating: #"{"deviceKey":"d1","measurepoints":{"x":1}}"#, count: 500)
        #expect(try channel.post(payload(items.joined(separator: ","))).data["moreErrors"] == 400)
        #expect(channel.directory.lookUps == 1002)
        // What follows the faults must still be JSON, and the id may be there.
        #expect(try channel.post("{\"params\":[\(faults)],\"id\":5,}").id == "5")
    }

    @Test("a batch of too many invalid readings is refused, although it wants them skipped")
    func tooManyToSkip() throws {
        var channel = TestChannel()
        let names = (0..<1001).map { "\"x\($0)\":1" }.joined(separator: ",")
        let text = request(
            "thing.measurepoint.resume.batch", "[{\"measurepoints\":{\"num\":1,\(names)},\"time\":1}]",
            "\"skipInvalidMeasurepoints\":true,")
        let answer = try channel.post(text, topic: "sys/P/d1/thing/measurepoint/resume/batch")
        #expect(
            answer.code == 1204
                && answer.message?.hasSuffix("too many invalid measurepoints to skip them") == true)
        #expect(channel.sink.batches.isEmpty)
    }

    @Test("a good message after a bad one is as good as ever")
    func recovery() throws {
        var channel = TestChannel()
        #expect(try channel.post(reading("none", "1")).errors.count == 1)
        let answer = try channel.post(reading("num", "1"))
        #expect(answer.code == 200 && answer.errors.isEmpty && answer.data.isEmpty)
    }
}
