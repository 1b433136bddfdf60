// ConformanceCase.swift — what a conformance case says that must happen; Clients/conformance.py sends its messages.
//
// Conformance/*.json holds the cases. In their texts `$D` is the name of the case, which is the key of its own device,
// `$D2` that of a second device, `$P` the product, and `$T` a time: 1714557600000 in a message, 2024-05-01T10:00:00Z in
// a sample. Except in `text` an apostrophe stands for a quotation mark.
//
// Invariants:
// - Every device belongs to one case, and every client too, so that cases can run at once.

import Foundation

/// One file of cases.
struct ConformanceFile: Decodable {
    /// The product of its cases, unless a case names another.
    var product: String
    var cases: [ConformanceCase]
}

/// A sequence of messages of one client, and what must be there afterwards.
struct ConformanceCase: Decodable {
    /// Unique; also the key of its device and, with a fixed password, the client id.
    var name: String
    /// What the case shows, in a sentence.
    var fact: String
    /// The part of Varve without which the case cannot pass; it is skipped.
    var awaits: String?
    var product: String?
    var steps: [Step]
    /// The samples of its devices: point, time, value, quality, before these the device if it is not `$D`.
    ///
    /// A time `*` is that of the arrival.
    var samples: [[String]]
    /// The events of its devices: event, time, content, before these the device if it is not `$D`.
    var events: [[String]]
    /// The attributes of its devices: attribute, value, before these the device if it is not `$D`.
    var attributes: [[String]]
    /// All values that the attributes of its device have had, the older ones first; nil if they are not looked at.
    var history: [[String]]?
    /// Entries of the log: kind, code or an empty text, and a text that the entry contains.
    var log: [[String]]
    /// The code of CONNACK, if the login is refused.
    var refused: Int?

    /// What must follow a message.
    struct Step: Decodable {
        /// The code of the answer.
        var code: Int?
        /// The whole answer, byte for byte; bytes that are no text as hex.
        var reply: String?
        /// A part of the answer's message.
        var says: String?
        /// Whether there must be no answer.
        var none: Bool?
        /// The items that the answer blames.
        var errors: [ItemError]?
        /// The readings that were left out as the message wanted.
        var skipped: [ItemError]?
        /// The `data` of the answer, byte for byte.
        var data: String?
        /// Where the answer goes, if it is not the topic with `_reply`.
        var replyTopic: String?
        /// A command that runs instead of a message.
        var varve: [String]?
    }

    /// An element of `errors` in the data of an answer, as an array: index, device, point, code.
    struct ItemError: Decodable, Equatable {
        var index: Int
        var device: String?
        var point: String?
        var code: Int

        init(from decoder: any Decoder) throws {
            var values = try decoder.unkeyedContainer()
            index = try values.decode(Int.self)
            device = try values.decodeIfPresent(String.self)
            point = try values.decodeIfPresent(String.self)
            code = try values.decode(Int.self)
        }

        init?(_ object: [String: Any]) {
            guard let index = object["index"] as? Int, let code = object["code"] as? Int,
                let reason = object["reason"] as? String, !reason.isEmpty
            else { return nil }
            self.index = index
            device = object["deviceKey"] as? String
            point = object["point"] as? String
            self.code = code
        }
    }

    private enum Key: String, CodingKey {
        case name, fact, awaits, product, steps, samples, events, attributes, history, log, refused
    }

    init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: Key.self)
        name = try values.decode(String.self, forKey: .name)
        fact = try values.decode(String.self, forKey: .fact)
        awaits = try values.decodeIfPresent(String.self, forKey: .awaits)
        product = try values.decodeIfPresent(String.self, forKey: .product)
        steps = try values.decodeIfPresent([Step].self, forKey: .steps) ?? [Step(from: decoder)]
        samples = try values.decodeIfPresent([[String]].self, forKey: .samples) ?? []
        events = try values.decodeIfPresent([[String]].self, forKey: .events) ?? []
        attributes = try values.decodeIfPresent([[String]].self, forKey: .attributes) ?? []
        history = try values.decodeIfPresent([[String]].self, forKey: .history)
        log = try values.decodeIfPresent([[String]].self, forKey: .log) ?? []
        refused = try values.decodeIfPresent(Int.self, forKey: .refused)
    }

    /// A text of the case with its names in place.
    func filled(_ text: String, product: String) -> String {
        let names = [("$D2", name + "2"), ("$D", name), ("$P", product), ("'", "\"")]
        return names.reduce(text) { $0.replacingOccurrences(of: $1.0, with: $1.1) }
            .replacingOccurrences(of: "$T", with: "2024-05-01T10:00:00Z")
    }
}

/// What came back for a case: a line of Clients/conformance.py.
struct ConformanceResult: Decodable {
    var `case`: String
    var client: String
    var refused: Int?
    var steps: [Sent]
    var extra: [Answer]

    /// A message that was sent.
    struct Sent: Decodable {
        var topic: String
        var id: String?
        var answers: [Answer]
        /// The exit code and the output of a command.
        var varve: String?
    }

    /// An answer.
    struct Answer: Decodable, CustomStringConvertible {
        var topic: String
        var text: String?
        var hex: String?
        var description: String { "\(topic): \(text ?? hex ?? "")" }
    }
}
