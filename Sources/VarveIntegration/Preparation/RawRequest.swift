// RawRequest.swift — what a script's JSON asks for, in the form that the parsers of the JSON topics read.
//
// A script of EnOS makes the request of a device, whose params are one object:
//
//     {"id":"20","method":"thing.measurepoint.post","params":{"measurepoints":{"p":1},"time":1700000000000}}
//
// The device is that of the topic. On the topics of a channel, which have none, params must name it.
//
// Invariants:
// - The method decides the unit of a time, on the topics of devices and of channels.
// - All bytes but the method and the params stay as they are: the parser judges them.

import VarveModel
import VarveText

/// A request that a script made.
struct RawRequest {
    /// The methods of a device's messages whose params are one object.
    private static let single = ["thing.measurepoint.post", "thing.measurepoint.resume"]

    /// What it asks for.
    var form = RequestForm.measurepoints
    /// The JSON for the parser of that form.
    var json: [UInt8]

    /// Reads a script's JSON; it must be valid.
    ///
    /// - Throws: `RequestFailure` if the method or the device does not belong to the topic.
    init(_ json: [UInt8], _ route: TopicRoute) throws(RequestFailure) {
        self.json = json
        guard let parts = Self.parts(of: json) else { return }
        let method = String(decoding: json[parts.method], as: UTF8.self)
        let forms: [RequestForm] =
            route.device == nil ? [.measurepoints, .events, .attributes] : [.resume, .resumeBatch]
        if let form = forms.first(where: { "\($0.method)" == method }) {
            self.form = form
            return
        }
        guard Self.single.contains(method) else {
            let taken = forms.map { "\($0.method)" } + Self.single.prefix(route.device == nil ? 2 : 1)
            throw RequestFailure(
                .wrongMethod,
                "the method \(method.excerpt) does not belong to this topic; it takes "
                    + taken.joined(separator: ", "))
        }
        if method == "\(RequestForm.resume.method)" { form = .channelResume }
        let params = try Self.items(json, parts.params, route)
        let changes = [
            (parts.method, Array("\(RequestForm.measurepoints.method)".utf8)), (parts.params, params),
        ]
        var result: [UInt8] = []
        result.reserveCapacity(json.count + params.count)
        var start = 0
        for (range, replacement) in changes.sorted(by: { $0.0.lowerBound < $1.0.lowerBound }) {
            result += json[start..<range.lowerBound]
            result += replacement
            start = range.upperBound
        }
        self.json = result + json[start...]
    }

    /// Where the text of the method and the value of params are; nil if one is missing or the parser refuses it anyway.
    private static func parts(of json: [UInt8]) -> (method: Range<Int>, params: Range<Int>)? {
        members(of: json, 0..<json.count) { members in
            guard let method = members.found["method"], let params = members.found["params"],
                json[method.lowerBound] == UInt8(ascii: "\""), method.count >= 2
            else { return nil }
            return (method.lowerBound + 1..<method.upperBound - 1, params)
        }
    }

    /// The params of a channel's request: those of the device's in an array, with the device.
    private static func items(
        _ json: [UInt8], _ params: Range<Int>, _ route: TopicRoute
    ) throws(RequestFailure) -> [UInt8] {
        guard json[params.lowerBound] == UInt8(ascii: "{") else {
            guard route.device == nil else { throw RequestFailure(.malformed, "params is not an object") }
            return Array(json[params])
        }
        let named = members(of: json, params) { $0.found["deviceKey"] }
        var device: [UInt8] = []
        if let key = route.device {
            JSONString.append(key, to: &device)
            if let named, text(of: json, named)?.elementsEqual(key.utf8) != true {
                throw RequestFailure(
                    .unknownDevice, "params names another device than the topic, which is of \(key.excerpt)",
                    device: key.excerpt)
            }
        } else if named == nil {
            throw RequestFailure(
                .unknownDevice,
                "params has no deviceKey: on the topic of a channel the script must name the device")
        }
        var result = Array("[{".utf8)
        if named == nil {
            result += Array("\"deviceKey\":".utf8) + device
            let isEmpty = json[params].dropFirst().first { $0 > 0x20 } == UInt8(ascii: "}")
            if !isEmpty { result.append(UInt8(ascii: ",")) }
        }
        return result + json[params].dropFirst() + [UInt8(ascii: "]")]
    }

    /// The text of the string at a place; nil if something else is there.
    private static func text(of json: [UInt8], _ range: Range<Int>) -> [UInt8]? {
        guard json[range.lowerBound] == UInt8(ascii: "\"") else { return nil }
        return json.withUnsafeBufferPointer { json in
            guard let base = json.baseAddress else { return nil }
            var text: [UInt8] = []
            JSONScanner(base: base, count: json.count).appendText(
                of: range.lowerBound + 1..<range.upperBound - 1, to: &text)
            return text
        }
    }

    /// The members of an object.
    private struct Members {
        /// Where the value of each member is; of members with one name the first.
        var found: [String: Range<Int>] = [:]
    }

    /// Calls `body` with the members of the object in a range of valid JSON; nil if there is none.
    private static func members<Result>(
        of json: [UInt8], _ range: Range<Int>, _ body: (Members) -> Result?
    ) -> Result? {
        json.withUnsafeBufferPointer { json in
            guard let base = json.baseAddress else { return nil }
            var scanner = JSONScanner(base: base, count: range.upperBound)
            scanner.position = range.lowerBound
            return (try? Self.members(&scanner)).flatMap(body)
        }
    }

    private static func members(_ scanner: inout JSONScanner) throws(JSONFailure) -> Members {
        var members = Members()
        scanner.skipWhitespace()
        var hasMember = try scanner.enterObject()
        while hasMember {
            let token = try scanner.memberName()
            var name: [UInt8] = []
            scanner.appendText(of: token.content, to: &name)
            let start = scanner.position
            try scanner.skipValue(depth: 1)
            let key = String(decoding: name, as: UTF8.self)
            if members.found[key] == nil { members.found[key] = start..<scanner.position }
            hasMember = try scanner.nextMember()
        }
        return members
    }
}
