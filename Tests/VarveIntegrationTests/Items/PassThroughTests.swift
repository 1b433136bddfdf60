// PassThroughTests.swift — names that a pass-through model does not declare.

import Testing
import VarveModel
import VarveTestSupport

@testable import VarveIntegration

@Suite("Pass-through models")
struct PassThroughTests {
    private func channel() -> TestChannel {
        let channel = TestChannel()
        channel.directory.change { $0.settings.isPassThrough = true }
        return channel
    }

    /// The number of stored samples.
    private func count(_ channel: borrowing TestChannel) -> Int {
        channel.sink.withState { $0.samples.values.reduce(0) { $0 + $1.count } }
    }

    @Test(
        "the first value of an undeclared point gives it its type, and is stored",
        arguments: [
            ("1", ValueType.double), ("-2.5e3", .double), ("true", .bool), ("\"x\"", .string),
            ("[1,2]", .json),
            ("{\"a\":1}", .json), ("{\"value\":3,\"quality\":9}", .double),
            ("{\"quality\":1,\"value\":\"t\"}", .string),
            ("{\"value\":3}", .json), ("{\"value\":{\"a\":1},\"quality\":0}", .json), ("{}", .json),
        ])
    func types(value: String, type: ValueType) throws {
        var channel = channel()
        let answer = try channel.post(reading("new", value))
        #expect(answer.code == 200, "\(answer.text)")
        #expect(channel.directory.type("P", "new") == type)
        #expect(count(channel) == 1)
        // The type stays.
        let other = type == .bool ? "1.5" : "false"
        #expect(try channel.post(reading("new", other)).code == (type == .json ? 200 : 1204))
    }

    @Test("null has no type: the reading is left out, and the next value declares the point")
    func null() throws {
        var channel = channel()
        let mixed = payload(
            "{\"deviceKey\":\"d1\",\"measurepoints\":{\"new\":null,\"num\":1,\"n3\":{\"value\":null,\"quality\":1}},\"time\":1}"
        )
        #expect(try channel.post(mixed).code == 200)
        #expect(channel.directory.type("P", "new") == nil && channel.directory.type("P", "n3") == nil)
        #expect(count(channel) == 1)
        #expect(try channel.post(reading("new", "\"a\"")).code == 200)
        #expect(channel.directory.type("P", "new") == .string)
    }

    @Test("all new names of an item are declared in one transaction")
    func together() throws {
        var channel = channel()
        let points = (0..<50).map { "\"new\($0)\":\($0)" }.joined(separator: ",")
        let answer = try channel.post(
            payload("{\"deviceKey\":\"d1\",\"measurepoints\":{\"num\":1,\(points)},\"time\":1000}"))
        #expect(answer.code == 200, "\(answer.text)")
        #expect(count(channel) == 51)
        #expect(channel.directory.registrations.count == 1)
    }

    @Test("undeclared events and attributes are taken as json")
    func documents() throws {
        var channel = channel()
        let event = request(
            "integration.event.post", "[{\"deviceKey\":\"d1\",\"events\":{\"new\":{\"a\":1}},\"time\":1000}]")
        #expect(try channel.post(event, topic: "/sys/P/integration/event/post").code == 200)
        let attribute = request(
            "integration.attribute.post", "[{\"deviceKey\":\"d1\",\"attributes\":{\"new\":2.5}}]")
        #expect(try channel.post(attribute, topic: "/sys/P/integration/attribute/post").code == 200)
        #expect(channel.directory.type("P", "$event/new") == .json)
        #expect(channel.directory.type("P", "$attribute/new") == .json)
        #expect(channel.directory.type("P", "new") == nil)
    }

    @Test("a full model refuses what it lacks, and the rest that still fits is declared")
    func full() throws {
        var channel = channel()
        channel.directory.change { $0.maximumPoints = ($0.points["M"]?.count ?? 0) + 1 }
        let answer = try channel.post(
            payload("{\"deviceKey\":\"d1\",\"measurepoints\":{\"n1\":1,\"n2\":2,\"n3\":3},\"time\":1000}"))
        #expect(answer.code == 1204)
        #expect(answer.errors.map(\.place) == ["0 d1 n3 1204"])
        #expect(channel.directory.type("P", "n1") == .double)
        #expect(count(channel) == 0)
    }

    @Test("a measurement point never gets a reserved name, and other models take declared names only")
    func refused() throws {
        var channel = channel()
        #expect(try channel.post(reading("$event/x", "1")).code == 1204)
        #expect(channel.directory.registrations.isEmpty)
        channel.directory.change { $0.settings.isPassThrough = false }
        #expect(try channel.post(reading("new", "1")).code == 1204)
        #expect(channel.directory.registrations.isEmpty)
    }

    @Test(
        "names that a full model declines are offered once, and later ones not at all until the registry changes"
    )
    func closed() throws {
        var channel = channel()
        channel.directory.change { $0.maximumPoints = 0 }
        func post(_ prefix: String, _ names: Range<Int>) throws -> Int {
            let points = names.map { "\"\(prefix)\($0)\":1" }.joined(separator: ",")
            return try channel.post(
                payload("{\"deviceKey\":\"d1\",\"measurepoints\":{\"num\":1,\(points)},\"time\":1000}")
            ).code
        }
        func declarations() -> Int { channel.directory.withState { $0.declarations } }
        #expect(try post("a", 0..<50) == 1204)
        #expect(declarations() == 1)
        channel.directory.change { $0.maximumPoints = .max }
        #expect(try post("a", 0..<50) == 200)
        #expect(declarations() == 2)
    }

    @Test("a policy holds for the first value of a new name", arguments: [true, false])
    func policy(isStored: Bool) throws {
        var channel = channel()
        channel.directory.change {
            $0.processing["new"] = ValueProcessing(scale: 2)
            if !isStored { $0.notStored = ["new"] }
        }
        #expect(try channel.post(reading("new", "10")).code == 200)
        let values = channel.sink.withState { $0.samples.values.flatMap(\.values).map(\.value) }
        #expect(values == (isStored ? [.double(20)] : []))
        #expect(channel.directory.type("P", "new") == .double)
    }
}
