// Reply.swift — a receiver's answer, and what the sender has to do.

import VarveModel
import VarveText

/// A reply: `{"id":…,"code":…,"message":…,"data":{}}`.
struct Reply: Hashable, Sendable {
    /// The id of the message, without quotes.
    var id: String
    /// 200 if the whole message was taken, else the code of the reason why nothing of it was.
    var code: Int
    /// The reason in words; may be empty.
    var message = ""

    /// The consequence for the sender.
    enum Meaning {
        /// The whole message is safe.
        case taken
        /// Some row of the message is bad: send it again in halves.
        case split
        /// The receiver cannot take it now: send the same message later.
        case later
        /// The receiver would refuse every message: stop.
        case never
    }

    /// The code "device not found", which applies to every row of the device.
    static let unknownDevice = 1257

    /// The meaning of the code.
    var meaning: Meaning {
        switch code {
        case 200: .taken
        // No right to publish, an empty payload, a method that differs from the topic: the same for every message.
        case 401, 1009, 1251, 1260: .never
        // Overload and faults of the receiver.
        case 429, 500...599: .later
        default: .split
        }
    }

    /// The reason of a rejected row.
    var reason: String { "refused with code \(code)" + (message.isEmpty ? "" : ": \(message)") }

    /// The most bytes of `message` that are kept.
    private static let maximumMessageBytes = 500

    /// Reads a reply; nil if it is not one.
    init?(_ payload: UnsafeRawBufferPointer) {
        let bytes = payload.bindMemory(to: UInt8.self)
        guard let base = bytes.baseAddress else { return nil }
        var scanner = JSONScanner(base: base, count: bytes.count)
        var id: String?
        var code: Int?
        var message = ""
        do throws(JSONFailure) {
            scanner.skipWhitespace()
            var hasMember = try scanner.enterObject()
            while hasMember {
                let name = scanner.text(of: try scanner.memberName())
                let isString = scanner.current == 0x22
                let text = try Self.value(&scanner)
                switch String(decoding: name, as: UTF8.self) {
                case "id": id = text
                case "code": code = isString ? nil : Int(text)
                case "message": message = isString ? Self.shortened(text) : ""
                default: break
                }
                hasMember = try scanner.nextMember()
            }
        } catch {
            return nil
        }
        guard let id, let code else { return nil }
        self.init(id: id, code: code, message: message)
    }

    init(id: String, code: Int, message: String = "") {
        self.id = id
        self.code = code
        self.message = message
    }

    /// Skips a value and returns its text; the text of a string has no quotes and escapes.
    private static func value(_ scanner: inout JSONScanner) throws(JSONFailure) -> String {
        if scanner.current == 0x22 {
            return String(decoding: scanner.text(of: try scanner.skipString()), as: UTF8.self)
        }
        let start = scanner.position
        try scanner.skipValue()
        let text = UnsafeBufferPointer(start: scanner.base + start, count: scanner.position - start)
        return String(decoding: text, as: UTF8.self)
    }

    private static func shortened(_ text: String) -> String {
        guard text.utf8.count > maximumMessageBytes else { return text }
        return String(decoding: text.utf8.prefix(maximumMessageBytes), as: UTF8.self) + "…"
    }
}
