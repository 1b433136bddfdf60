// Reply.swift — what a receiver answered, and what that asks of the sender.

import VarveModel
import VarveText

/// A reply: `{"id":…,"code":…,"message":…,"data":{}}`.
struct Reply: Hashable, Sendable {
    /// The id of the message, without quotes.
    var id: String
    /// 200, or why nothing of the message was taken.
    var code: Int
    /// The reason in words; empty if there is none.
    var message = ""

    /// What to do about it.
    enum Meaning {
        /// All of the message is safe.
        case taken
        /// Something in the message is bad: halves of it may be good.
        case partly
        /// The receiver cannot now: the same message later.
        case later
        /// No message will ever be taken.
        case never
    }

    /// "Device not found": it holds for every row of the device.
    static let unknownDevice = 1257

    /// What the code means.
    var meaning: Meaning {
        switch code {
        case 200: .taken
        // No right to publish, empty payload, another method than the topic: the same for every message.
        case 401, 1009, 1251, 1260: .never
        // Overload and faults of the receiver.
        case 429, 500...599: .later
        default: .partly
        }
    }

    /// The reason of a rejected row.
    var reason: String { "refused with code \(code)" + (message.isEmpty ? "" : ": \(message)") }

    /// The longest message text that is kept.
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

    /// Passes a value and returns its text; that of a string without quotes and escapes.
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
