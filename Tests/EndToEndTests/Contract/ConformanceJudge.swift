// ConformanceJudge.swift — compares what came back for a case, what is stored and what is in the log with the case.
//
// Invariants:
// - Beyond what a case says, every answer has the documented shape, every message that was answered is in the log with
//   the answer's code, and a device has no sample that its case does not name.

import Foundation

/// What is there after all cases have run.
struct ConformanceJudge {
    var product: String
    /// The lines of `varve query --format ndjson`, by device.
    var samples: [String: [String]]
    /// The entries of the log, by client: the object and its line.
    var log: [String: [(entry: [String: Any], line: String)]]

    /// What is wrong with a case; empty if it passed.
    func problems(of one: ConformanceCase, _ result: ConformanceResult) -> [String] {
        var found: [String] = []
        if one.refused != result.refused {
            found.append("the login was answered \(result.refused ?? 0)")
        }
        if one.refused == nil, result.steps.count != one.steps.count {
            found.append("\(result.steps.count) of \(one.steps.count) messages were sent")
        }
        for (number, (step, sent)) in zip(one.steps, result.steps).enumerated() {
            found += problems(of: one, step, sent).map { "message \(number): \($0)" }
        }
        if !result.extra.isEmpty { found.append("also came \(result.extra)") }
        return found + sampleProblems(one) + logProblems(one, result)
    }

    private func problems(
        of one: ConformanceCase, _ step: ConformanceCase.Step, _ sent: ConformanceResult.Sent
    ) -> [String] {
        if step.varve != nil {
            return sent.varve?.hasPrefix("0 ") == true ? [] : ["the command ended with \(sent.varve ?? "")"]
        }
        guard step.none != true else { return [] }
        guard let answer = sent.answers.first else { return ["no answer"] }
        var found: [String] = []
        let topic = step.replyTopic.map { one.filled($0, product: product) } ?? sent.topic + "_reply"
        if answer.topic != topic { found.append("the answer came to \(answer.topic)") }
        if let reply = step.reply {
            let wanted = one.filled(reply, product: product)
            if wanted != answer.text ?? answer.hex { found.append("not \(wanted) but \(answer)") }
            return found
        }
        guard let code = step.code else { return found + ["the case says nothing of the answer"] }
        guard let text = answer.text, let object = Self.object(text) else {
            return found + ["the answer is no JSON object: \(answer)"]
        }
        found += Self.shapeProblems(object)
        if object["code"] as? Int != code { found.append("not code \(code) but \(text)") }
        if let id = sent.id, !text.hasPrefix("{\"id\":\(id),\"code\":") {
            found.append("the id \(id) is not repeated: \(text)")
        }
        if let part = step.says.map({ one.filled($0, product: product) }),
            (object["message"] as? String)?.contains(part) != true
        {
            found.append("the message does not say \(part): \(text)")
        }
        if let data = step.data, !text.hasSuffix("\"data\":\(one.filled(data, product: product))}") {
            found.append("not data \(data) but \(text)")
        }
        return found + errorProblems(one, step, object)
    }

    private func errorProblems(
        _ one: ConformanceCase, _ step: ConformanceCase.Step, _ answer: [String: Any]
    ) -> [String] {
        guard let errors = step.errors else { return [] }
        let wanted = errors.map { error in
            var copy = error
            copy.device = error.device.map { one.filled($0, product: product) }
            return copy
        }
        let data = answer["data"] as? [String: Any]
        let given = (data?["errors"] as? [[String: Any]] ?? []).map { ConformanceCase.ItemError($0) }
        return given == wanted ? [] : ["the blamed items are \(data?["errors"] ?? "none")"]
    }

    private static func object(_ text: String) -> [String: Any]? {
        try? JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
    }

    private static func shapeProblems(_ answer: [String: Any]) -> [String] {
        var members: Set = ["id", "code", "data"]
        if answer["code"] as? Int != 200 { members.insert("message") }
        guard Set(answer.keys) == members, answer["data"] is [String: Any] else {
            return ["the answer has the members \(answer.keys.sorted())"]
        }
        return []
    }

    /// Compares the stored samples of the case's devices with those that it names.
    private func sampleProblems(_ one: ConformanceCase) -> [String] {
        var wanted: [String: [String]] = [one.name: [], one.name + "2": []]
        for row in one.samples {
            var words = row.map { one.filled($0, product: product) }
            let device = words.count > 4 || wanted[words[0]] != nil ? words.removeFirst() : one.name
            let quality = words.count > 3 && !words[3].isEmpty ? ",\"quality\":\(words[3])" : ""
            wanted[device, default: []].append(
                "{\"device\":\"\(device)\",\"point\":\"\(words[0])\",\"time\":\"\(words[1])\",\"value\":\(words[2])\(quality)}"
            )
        }
        return wanted.keys.sorted().flatMap { device in
            let given = samples[device] ?? []
            let lines = wanted[device] ?? []
            guard given.count == lines.count else { return ["\(device) has the samples \(given)"] }
            return zip(given, lines).compactMap { Self.isSample($0, $1) ? nil : "not \($1) but \($0)" }
        }
    }

    /// Whether a line is the wanted one; a wanted time `*` is one within the last hour.
    private static func isSample(_ line: String, _ wanted: String) -> Bool {
        let parts = wanted.components(separatedBy: "\"time\":\"*\"")
        guard parts.count == 2 else { return line == wanted }
        guard line.hasPrefix(parts[0]), line.hasSuffix(parts[1]),
            let text = object(line)?["time"] as? String,
            let time = try? Date(String(text.prefix(19)) + "Z", strategy: .iso8601)
        else { return false }
        return abs(time.timeIntervalSinceNow) < 3600
    }

    private func logProblems(_ one: ConformanceCase, _ result: ConformanceResult) -> [String] {
        let entries = (log[result.client] ?? []).filter {
            ($0.entry["topic"] as? String)?.hasSuffix("/end") != true
        }
        var found: [String] = []
        let codes = one.steps.compactMap(\.code)
        for code in Set(codes) {
            let kind = code == 200 ? "payload" : "error"
            let count = entries.count {
                $0.entry["kind"] as? String == kind && $0.entry["code"] as? Int == code
            }
            let wanted = codes.count { $0 == code }
            if count != wanted { found.append("the log has \(count) entries of code \(code), not \(wanted)") }
        }
        for row in one.log {
            let text = one.filled(row[2], product: product)
            let isThere = entries.contains { entry, line in
                entry["kind"] as? String == row[0] && (row[1].isEmpty || entry["code"] as? Int == Int(row[1]))
                    && line.contains(text)
            }
            if !isThere { found.append("the log has no \(row): \(entries.map(\.line))") }
        }
        return found
    }
}
