// PayloadPreparation.swift — packed payloads are unpacked, and raw ones turned into JSON, before anything is parsed.
//
// The raw payloads of a slice are decoded product by product, many at a time, and those of several products at once. If a
// script needs more than its share of time, or its results take too much memory, the slice ends before the first payload
// that is not decoded. The rest is decoded with the next slice.
//
// If no process can be started, that is nobody's fault: for a while the whole group comes again, and then raw messages
// are answered that they may be sent again, so that the other products go on.
//
// Invariants:
// - Of a slice at least the first message is prepared, so the loop makes progress.
// - What is unpacked and decoded for a slice takes at most `MessageLimits.preparedBytes`, and what one payload and the
//   results on their way add to that.

import VarveChannel
import VarveCodec
import VarveModel
import VarvePlatform
import VarveScript
import VarveText

/// Makes requests of payloads.
struct PayloadPreparation {
    /// The raw payloads of one product.
    private struct Work {
        var product: String
        var indices: [Int] = []
        var payloads: [[UInt8]] = []
    }

    /// What came of the call for the payloads of one product.
    private typealias Outcome = Result<[Result<[UInt8], ScriptFailure>], any Error>

    /// The most products whose payloads are decoded at a time: as many as there are processes by default.
    private static let mostAtOnce = 4

    /// How long the group comes again because no process can be started, in nanoseconds.
    static let launchPatience: Int64 = 10_000_000_000

    private let scripts: (any PayloadScripts)?
    private let limits: MessageLimits
    private var packings = ClientPackings()
    /// The settings of products with raw messages, as long as the directory does not change.
    private var settings: [Name: ProductSettings] = [:]
    private var generation: UInt64?
    /// Since when no process can be started.
    private var launchFailure: Int64?

    init(scripts: (any PayloadScripts)?, limits: MessageLimits) {
        self.scripts = scripts
        self.limits = limits
    }

    /// Prepares the messages of a slice, or the first of them.
    ///
    /// - Throws: What the directory throws, and what the scripts throw: `LaunchFailure` for some time.
    mutating func prepare(
        _ messages: [MessageGroup.Message], _ slice: Range<Int>, _ bytes: UnsafeRawBufferPointer,
        _ directory: any PointDirectory
    ) throws -> PreparedPayloads {
        var prepared = PreparedPayloads(end: slice.upperBound)
        var works: [Work] = []
        var held = 0
        for index in slice {
            let message = messages[index]
            let topic = UnsafeRawBufferPointer(rebasing: bytes[message.topic])
            let sent = UnsafeRawBufferPointer(rebasing: bytes[message.payload])
            let packing = packings.packing(of: message.client)
            let isRaw = Self.isRaw(topic)
            guard packing != nil || isRaw else { continue }
            var payload = unpack(sent, packing)
            held += payload.unpacked?.count ?? 0
            if held > limits.preparedBytes, index > slice.lowerBound {
                prepared.end = index
                break
            }
            if isRaw { try take(&payload, sent, topic, index, directory, &works) }
            prepared.payloads[index] = payload
        }
        try decode(works, held, bytes, messages, &prepared)
        return prepared
    }

    private static func isRaw(_ topic: UnsafeRawBufferPointer) -> Bool {
        let ending = TopicRoute.rawEnding
        let count = ending.utf8CodeUnitCount
        guard topic.count >= count, let base = topic.baseAddress else { return false }
        return Bytes.equal(
            base.assumingMemoryBound(to: UInt8.self) + (topic.count - count), ending.utf8Start, count)
    }

    private func unpack(_ sent: UnsafeRawBufferPointer, _ announced: Packing?) -> PreparedPayload {
        var payload = PreparedPayload(packing: announced)
        guard let announced, let form = ClientPackings.form(of: sent, announced: announced) else {
            return payload
        }
        payload.packing = form
        do throws(PackingFailure) {
            payload.unpacked = try form.unpack(sent, limit: limits.payloadBytes)
        } catch {
            payload.refusal =
                switch error {
                case .tooLarge: .tooLarge(nil, limit: limits.payloadBytes)
                case .damaged(let reason):
                    RequestFailure(.malformed, "the payload cannot be unpacked as \(form): \(reason)")
                }
        }
        return payload
    }

    /// Puts a raw payload on the list of its product, or says why it is refused.
    private mutating func take(
        _ payload: inout PreparedPayload, _ sent: UnsafeRawBufferPointer, _ topic: UnsafeRawBufferPointer,
        _ index: Int, _ directory: any PointDirectory, _ works: inout [Work]
    ) throws {
        let route = TopicRoute(topic.bindMemory(to: UInt8.self))
        guard route.handler == .raw, let product = route.product, payload.refusal == nil else { return }
        payload.refusal = try refusal(ofProduct: product, directory)
        guard payload.refusal == nil else { return }
        payload.script = product
        let content = payload.withUnpacked(sent) { Array($0) }
        guard !content.isEmpty else { return payload.refusal = .empty }
        guard content.count <= limits.payloadBytes else {
            return payload.refusal = .tooLarge(content.count, limit: limits.payloadBytes)
        }
        let place = works.firstIndex { $0.product.sameBytes(as: product) } ?? works.count
        if place == works.count { works.append(Work(product: product)) }
        works[place].indices.append(index)
        works[place].payloads.append(content)
    }

    /// Why a product's raw messages are not taken; nil if they are.
    private mutating func refusal(
        ofProduct product: String, _ directory: any PointDirectory
    ) throws -> RequestFailure? {
        let current = try directory.generation()
        if current != generation { settings.removeAll() }
        generation = current
        guard let found = try settings[Name(product)] ?? directory.settings(ofProduct: product) else {
            return RequestFailure(.unknownTopic, "there is no product \(product.excerpt)")
        }
        settings[Name(product)] = found
        guard found.isCustom else {
            return RequestFailure(
                .unknownTopic,
                "product \(product.excerpt) has the format json: its messages go to the JSON topics")
        }
        guard scripts != nil else {
            return RequestFailure(.unknownTopic, "this service runs no scripts")
        }
        return nil
    }

    /// Has the payloads of all products decoded, and cuts the slice before the first one that is not.
    private mutating func decode(
        _ works: [Work], _ held: Int, _ bytes: UnsafeRawBufferPointer, _ messages: [MessageGroup.Message],
        _ prepared: inout PreparedPayloads
    ) throws {
        guard !works.isEmpty else { return }
        let room = max((limits.preparedBytes - held) / works.count, 1)
        let outcomes = call(works, room: room)
        for (work, outcome) in zip(works, outcomes) {
            let results = try results(outcome, work.payloads.count)
            place(results, of: work, bytes, messages, &prepared)
            if results.count < work.indices.count {
                prepared.end = min(prepared.end, work.indices[results.count])
            }
        }
    }

    /// Puts what the script of a product made in its place.
    private func place(
        _ results: [Result<[UInt8], ScriptFailure>], of work: Work, _ bytes: UnsafeRawBufferPointer,
        _ messages: [MessageGroup.Message], _ prepared: inout PreparedPayloads
    ) {
        for (index, result) in zip(work.indices, results) where index < prepared.end {
            let message = messages[index]
            let topic = UnsafeRawBufferPointer(rebasing: bytes[message.topic])
            do throws(RequestFailure) {
                let request = try Self.request(
                    result, TopicRoute(topic.bindMemory(to: UInt8.self)), limit: limits.payloadBytes)
                prepared.payloads[index]?.made = request.json
                prepared.payloads[index]?.form = request.form
            } catch {
                // The script's JSON may still have the id.
                prepared.payloads[index]?.made = try? result.get()
                prepared.payloads[index]?.refusal = error
            }
        }
    }

    /// Calls the scripts of all products, at the same time if there are several.
    ///
    /// So the time that a slice takes is that of the slowest script and not of all of them together, as far as there are
    /// processes and cores. The order of messages does not depend on it: results are put in their places afterwards.
    private func call(_ works: [Work], room: Int) -> [Outcome] {
        let scripts = scripts
        let calls = works.map { (product: $0.product, payloads: $0.payloads) }
        let state = Monitor((next: 0, outcomes: [Outcome](repeating: .success([]), count: calls.count)))
        let run: @Sendable () -> Void = {
            while true {
                let number = state.withLock { state in
                    state.next += 1
                    return state.next - 1
                }
                guard number < calls.count else { return }
                let outcome = Outcome {
                    try scripts?.call(
                        .decode, ofProduct: calls[number].product, calls[number].payloads,
                        within: CallBudget(bytes: room)) ?? []
                }
                state.withLock { $0.outcomes[number] = outcome }
            }
        }
        // Where there is no room for another thread, this one does it all.
        let threads = (1..<min(calls.count, Self.mostAtOnce)).compactMap { _ in try? WorkerThread(run) }
        run()
        for thread in threads { thread.join() }
        return state.withLock { $0.outcomes }
    }

    private static func request(
        _ result: Result<[UInt8], ScriptFailure>, _ route: TopicRoute, limit: Int
    ) throws(RequestFailure) -> RawRequest {
        switch result {
        case .success(let json):
            guard json.count <= limit else {
                throw RequestFailure(
                    .tooLarge, "the script made \(json.count) bytes of JSON, above the limit of \(limit)"
                ).ofScript(line: nil)
            }
            return try RawRequest(json, route)
        case .failure(let failure):
            let code: ReplyCode =
                switch failure.category {
                case .refused: .busy
                case .tooLarge: .tooLarge
                default: .malformed
                }
            throw RequestFailure(code, "\(failure)").ofScript(line: failure.line)
        }
    }

    /// The results of a call for so many payloads: those of the first ones, at least of one.
    private mutating func results(
        _ outcome: Outcome, _ count: Int
    ) throws -> [Result<[UInt8], ScriptFailure>] {
        func all(_ failure: ScriptFailure) -> [Result<[UInt8], ScriptFailure>] {
            Array(repeating: .failure(failure), count: count)
        }
        do {
            let results = try outcome.get()
            launchFailure = nil
            return results.isEmpty ? all(ScriptFailure(.crashed, "there is no result")) : results
        } catch let error as LaunchFailure {
            let now = SystemClock.monotonicNanoseconds()
            let since = launchFailure ?? now
            launchFailure = since
            guard now - since >= Self.launchPatience else { throw error }
            return all(ScriptFailure(.refused, "scripts cannot be run now: \(error); send again later"))
        }
    }
}
