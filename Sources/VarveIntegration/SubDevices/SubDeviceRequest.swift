// SubDeviceRequest.swift — reads a message by which a gateway logs its sub-devices in or out.
//
//     {"id":"1","method":"combine.login","params":{"productKey":"wind","deviceKey":"W2","clientId":"wind.W2",
//      "timestamp":"1714557600000","signMethod":"hmacsha256","sign":"…","secureMode":"2","cleanSession":"False"}}
//
// A login of several has `subDevices` in `params`, an array of objects with `productKey`, `deviceKey` and `sign`.
//
// Invariants:
// - No text traps, and no message has more than `maximumDevices`: the work for one message is bounded.
// - Texts that go into an answer have at most `maximumTextBytes`.

import VarveText

/// What a gateway asks for.
struct SubDeviceRequest {
    /// What a topic is for.
    enum Kind: Equatable {
        case login
        case batch
        case logout

        /// By the levels of `ChannelTopic.subDeviceEndings`.
        init?(_ ending: some Sequence<UInt8>) {
            let text = String(decoding: Array(ending), as: UTF8.self)
            switch text {
            case "combine/login": self = .login
            case "combine/login/batch": self = .batch
            case "combine/logout": self = .logout
            default: return nil
            }
        }

        /// The method that a message may have.
        var method: String {
            switch self {
            case .login: "combine.login"
            case .batch: "combine.login.batch"
            case .logout: "combine.logout"
            }
        }
    }

    /// One sub-device.
    struct Device {
        var product: String
        var key: String
        /// The signature; empty where a login ends.
        var sign = ""
        /// Some gateways sign this too.
        var cleanSession: String?
        /// The `secureMode`: 2, or 3 to have the device activated.
        var mode: String?
    }

    /// The most sub-devices of one message, as EnOS has it for a gateway.
    static let maximumDevices = 200
    /// The most bytes of each text that is read.
    static let maximumTextBytes = 1024

    var devices: [Device] = []
    var clientID = ""
    var timestamp = ""
    var signMethod = ""

    /// Reads a payload.
    ///
    /// - Parameter id: Where the id is, if there is a usable one; set also if this throws.
    /// - Throws: `RequestFailure` if the payload is not of the documented shape.
    init(
        _ payload: UnsafeRawBufferPointer, _ kind: Kind, id: inout Range<Int>?
    ) throws(RequestFailure) {
        guard !payload.isEmpty, let base = payload.baseAddress?.assumingMemoryBound(to: UInt8.self) else {
            throw .empty
        }
        let reader = SubDeviceReader(base: base, count: payload.count)
        let envelope = try reader.members(of: try reader.whole(), in: "the payload")
        if let range = envelope["id"] {
            guard RequestID.isUsable(base, range) else {
                throw RequestFailure(.malformed, "id is neither a string nor a number of at most 1024 bytes")
            }
            id = range
        }
        if let method = try reader.text("method", envelope, in: "the payload"), method != kind.method {
            throw RequestFailure(
                .wrongMethod,
                "the method \(method.excerpt) does not belong to this topic; it takes \(kind.method)")
        }
        guard let place = envelope["params"] else {
            throw RequestFailure(.malformed, "the payload has no params")
        }
        let params = try reader.members(of: place, in: "params")
        if kind != .logout {
            clientID = try reader.required("clientId", params, in: "params")
            timestamp = try reader.required("timestamp", params, in: "params")
            signMethod = try reader.required("signMethod", params, in: "params")
        }
        guard kind == .batch else {
            devices = [try Self.device(reader, params, kind, in: "params")]
            return
        }
        guard let list = params["subDevices"] else {
            throw RequestFailure(.malformed, "params has no subDevices")
        }
        let elements = try reader.elements(of: list, in: "subDevices", limit: Self.maximumDevices)
        for (index, element) in elements.enumerated() {
            let name = "subDevices[\(index)]"
            let members = try reader.members(of: element, in: name)
            devices.append(try Self.device(reader, members, kind, in: name))
        }
    }

    private static func device(
        _ reader: SubDeviceReader, _ members: [String: Range<Int>], _ kind: Kind, in place: String
    ) throws(RequestFailure) -> Device {
        var device = Device(
            product: try reader.required("productKey", members, in: place),
            key: try reader.required("deviceKey", members, in: place))
        guard kind != .logout else { return device }
        device.sign = try reader.required("sign", members, in: place)
        device.cleanSession = try reader.text("cleanSession", members, in: place)
        device.mode = try reader.text("secureMode", members, in: place)
        return device
    }
}

/// Reads parts of a JSON text.
private struct SubDeviceReader {
    let base: UnsafePointer<UInt8>
    let count: Int

    /// The place of the value that is the whole text.
    func whole() throws(RequestFailure) -> Range<Int> {
        var scanner = JSONScanner(base: base, count: count)
        do throws(JSONFailure) {
            scanner.skipWhitespace()
            let start = scanner.position
            try scanner.skipValue()
            let end = scanner.position
            scanner.skipWhitespace()
            guard scanner.position == count else { throw scanner.malformed }
            return start..<end
        } catch {
            throw Self.failure(error)
        }
    }

    private static func failure(_ error: JSONFailure) -> RequestFailure {
        RequestFailure(.malformed, "the payload \(error.description)")
    }

    /// The places of the members of an object.
    func members(of range: Range<Int>, in place: String) throws(RequestFailure) -> [String: Range<Int>] {
        guard base[range.lowerBound] == UInt8(ascii: "{") else {
            throw RequestFailure(.malformed, "\(place) is not an object")
        }
        var scanner = JSONScanner(base: base, count: range.upperBound)
        scanner.position = range.lowerBound
        var found: [String: Range<Int>] = [:]
        do throws(JSONFailure) {
            var hasMember = try scanner.enterObject()
            while hasMember {
                let name = String(decoding: scanner.text(of: try scanner.memberName()), as: UTF8.self)
                let start = scanner.position
                try scanner.skipValue(depth: 1)
                guard found.updateValue(start..<scanner.position, forKey: name) == nil else {
                    throw .repeatedKey(name.excerpt)
                }
                hasMember = try scanner.nextMember()
            }
        } catch {
            throw Self.failure(error)
        }
        return found
    }

    /// The places of the elements of an array.
    func elements(
        of range: Range<Int>, in place: String, limit: Int
    ) throws(RequestFailure) -> [Range<Int>] {
        guard base[range.lowerBound] == UInt8(ascii: "[") else {
            throw RequestFailure(.malformed, "\(place) is not an array")
        }
        var scanner = JSONScanner(base: base, count: range.upperBound)
        scanner.position = range.lowerBound
        var found: [Range<Int>] = []
        do throws(JSONFailure) {
            var hasElement = try scanner.enterArray()
            while hasElement, found.count <= limit {
                let start = scanner.position
                try scanner.skipValue(depth: 1)
                found.append(start..<scanner.position)
                hasElement = try scanner.nextElement()
            }
        } catch {
            throw Self.failure(error)
        }
        guard 1...limit ~= found.count else {
            throw RequestFailure(
                .malformed, "\(place) does not have 1 to \(limit) elements; send several messages")
        }
        return found
    }

    /// The text of a member that must be there and have one.
    func required(
        _ name: String, _ members: [String: Range<Int>], in place: String
    ) throws(RequestFailure) -> String {
        guard let text = try text(name, members, in: place), !text.isEmpty else {
            throw RequestFailure(.malformed, "\(place) has no \(name)")
        }
        return text
    }

    /// The text of a member, or a number or truth value as it is written; nil if it is missing or null.
    func text(
        _ name: String, _ members: [String: Range<Int>], in place: String
    ) throws(RequestFailure) -> String? {
        guard let range = members[name] else { return nil }
        let bytes: [UInt8]
        switch base[range.lowerBound] {
        case UInt8(ascii: "n"): return nil
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            throw RequestFailure(.malformed, "\(name) in \(place) is not a string")
        case UInt8(ascii: "\""):
            bytes = JSONScanner(base: base, count: count)
                .text(of: (range.lowerBound + 1..<range.upperBound - 1, true))
        default:
            bytes = Array(
                UnsafeBufferPointer(rebasing: UnsafeBufferPointer(start: base, count: count)[range]))
        }
        guard bytes.count <= SubDeviceRequest.maximumTextBytes else {
            throw RequestFailure(
                .malformed,
                "\(name) in \(place) has \(bytes.count) bytes, above \(SubDeviceRequest.maximumTextBytes)")
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
