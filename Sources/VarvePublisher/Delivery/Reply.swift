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
            try Self.forEachMember(&scanner) { (scanner, name) throws(JSONFailure) in
                let isString = scanner.current == 0x22
                let text = try Self.value(&scanner)
                switch name {
                case "id": id = text
                case "code": code = isString ? nil : Int(text)
                case "message": message = isString ? Self.shortened(text) : ""
                default: break
                }
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

    private static func forEachMember(
        _ scanner: inout JSONScanner,
        _ body: (inout JSONScanner, String) throws(JSONFailure) -> Void
    ) throws(JSONFailure) {
        scanner.skipWhitespace()
        try scanner.expect(0x7B)
        scanner.skipWhitespace()
        if scanner.current == 0x7D { return }
        while true {
            scanner.skipWhitespace()
            let name = try value(&scanner)
            scanner.skipWhitespace()
            try scanner.expect(0x3A)
            scanner.skipWhitespace()
            try body(&scanner, name)
            scanner.skipWhitespace()
            guard scanner.current == 0x2C else { return try scanner.expect(0x7D) }
            scanner.position += 1
        }
    }

    /// Passes a value and returns its text; that of a string without quotes and escapes.
    private static func value(_ scanner: inout JSONScanner) throws(JSONFailure) -> String {
        var text: [UInt8] = []
        if scanner.current == 0x22 {
            let string = try scanner.skipString()
            scanner.appendText(of: string.content, to: &text)
        } else {
            let start = scanner.position
            try scanner.skipValue()
            text.append(
                contentsOf: UnsafeBufferPointer(start: scanner.base + start, count: scanner.position - start))
        }
        return String(decoding: text, as: UTF8.self)
    }

    private static func shortened(_ text: String) -> String {
        guard text.utf8.count > maximumMessageBytes else { return text }
        return String(decoding: text.utf8.prefix(maximumMessageBytes), as: UTF8.self) + "…"
    }
}
