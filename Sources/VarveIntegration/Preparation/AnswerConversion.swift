// AnswerConversion.swift — after the commit: answers become bytes by the product's script, and are packed for clients
// that pack.
//
// Invariants:
// - Nothing here fails a message: it is stored. An answer that the script cannot convert goes out as JSON.
// - The answers of a slice grow by at most `MessageLimits.preparedBytes` and one answer.

import VarveCodec
import VarveModel
import VarveScript

/// The answer to a message that was prepared.
struct PreparedAnswer {
    /// The number of the answer in its group.
    var reply: Int
    var payload: PreparedPayload
    /// What the log records about the message.
    var event: ChannelEvent
}

/// Converts answers.
struct AnswerConversion {
    private let scripts: (any PayloadScripts)?
    private let limits: MessageLimits
    private let packer = Packer()
    /// How many bytes of a raw payload a reason shows.
    private static let hexBytes = 64

    init(scripts: (any PayloadScripts)?, limits: MessageLimits) {
        self.scripts = scripts
        self.limits = limits
    }

    /// Converts the answers that need it.
    ///
    /// - Returns: What the log records about the messages, and about answers that their scripts could not convert.
    func convert(_ answers: [PreparedAnswer], _ replies: inout ReplyGroup) -> [ChannelEvent] {
        var products: [Name] = []
        var places: [Name: [Int]] = [:]
        for (place, answer) in answers.enumerated() {
            guard let product = answer.payload.script.map({ Name($0) }) else { continue }
            if places[product] == nil { products.append(product) }
            places[product, default: []].append(place)
        }
        var failures: [Int: ScriptFailure] = [:]
        var room = limits.preparedBytes
        for product in products {
            let places = places[product] ?? []
            let results = encode(places.map { answers[$0].reply }, product.text, &replies, &room)
            for (place, failure) in zip(places, results) { failures[place] = failure }
        }
        var events: [ChannelEvent] = []
        for (place, answer) in answers.enumerated() {
            events += self.events(answer, failures[place], replies)
            guard let form = answer.payload.packing,
                let packed = replies.withPayload(of: answer.reply, { packer.pack($0, form) })
            else { continue }
            replies.replacePayload(of: answer.reply, with: packed)
        }
        return events
    }

    /// What the log records about a message and its answer.
    private func events(
        _ answer: PreparedAnswer, _ failure: ScriptFailure?, _ replies: ReplyGroup
    ) -> [ChannelEvent] {
        var event = answer.event
        if answer.payload.script != nil, event.payloadBytes > 0, let reason = event.reason {
            event.reason = "\(reason); payload \(Self.hex(event.excerpt, of: event.payloadBytes))"
        }
        guard let failure else { return [event] }
        let reason = "the answer went out as JSON: \(failure)"
        let message = event
        switch failure.category {
        case .noFunction where event.code == .success:
            event.note = event.note.map { "\($0); \(reason)" } ?? reason
            return [event]
        case .noFunction, .noScript,
            .refused where event.code != .success:
            // The entry of the message says why it was refused, which is all that a reader needs.
            return [event]
        default:
            event.isOfAnswer = true
            event.reason = reason
            (event.category, event.scriptLine) = (.script, failure.line)
            (event.items, event.commit) = (nil, nil)
            event.note = nil
            event.receipt = nil
            event.isReplay = false
            event.payloadBytes = replies.withPayload(of: answer.reply) { $0.count }
            event.excerpt = replies.withPayload(of: answer.reply) { Array($0.prefix(limits.loggedBytes)) }
            return [message, event]
        }
    }

    /// The beginning of a payload of any form, for people.
    private static func hex(_ payload: [UInt8], of count: Int) -> String {
        let shown = payload.prefix(hexBytes)
        let digits = shown.map { byte in
            let digits = String(byte, radix: 16)
            return digits.count == 1 ? "0" + digits : digits
        }
        return "0x" + digits.joined() + (shown.count < count ? "…" : "")
    }

    /// Has the answers of a product encoded; `room` is what the results may still take.
    ///
    /// - Returns: For each answer why it could not be encoded; nil for those that were.
    private func encode(
        _ numbers: [Int], _ product: String, _ replies: inout ReplyGroup, _ room: inout Int
    ) -> [ScriptFailure?] {
        var failures: [ScriptFailure?] = []
        while failures.count < numbers.count {
            let rest = numbers[failures.count...]
            for (number, result) in zip(rest, results(rest, product, replies, room)) {
                switch result {
                case .success(let bytes):
                    room -= bytes.count
                    replies.replacePayload(of: number, with: bytes)
                    failures.append(nil)
                case .failure(let failure): failures.append(failure)
                }
            }
        }
        return failures
    }

    /// The results of the first answers, at least of one.
    private func results(
        _ numbers: ArraySlice<Int>, _ product: String, _ replies: ReplyGroup, _ room: Int
    ) -> [Result<[UInt8], ScriptFailure>] {
        func all(_ failure: ScriptFailure) -> [Result<[UInt8], ScriptFailure>] {
            numbers.map { _ in .failure(failure) }
        }
        guard room > 0 else {
            return all(
                ScriptFailure(
                    .tooLarge, "the answers to one commit take more than \(limits.preparedBytes) bytes"))
        }
        do {
            let answers = numbers.map { replies.withPayload(of: $0) { Array($0) } }
            let results = try scripts?.call(
                .encode, ofProduct: product, answers, within: CallBudget(bytes: room))
            guard let results, !results.isEmpty else {
                return all(ScriptFailure(.crashed, "there is no result"))
            }
            return results
        } catch {
            return all(ScriptFailure(.refused, "\(error)"))
        }
    }
}
