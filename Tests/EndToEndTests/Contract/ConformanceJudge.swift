// ConformanceJudge.swift — compares what came back for a case, what is stored and what is in the log with the case.
//
// Invariants:
// - Beyond what a case says, every answer has the documented shape, every message that was answered is in the log with
//   the answer's code, and a device has no sample that its case does not name.

import Foundation

/// What is there after all cases have run.
struct ConformanceJudge {
    /// The product of the case.
    var product: String
    /// The lines of `varve query --format ndjson`, by device.
    var samples: [String: [String]]
    /// The entries of the log, by client: the object and its line.
    var log: [String: [(entry: [String: Any], line: String)]]
    /// The names of the stored events and attributes, by device.
    var reserved: [String: Set<String>]
    /// Runs a command and returns the objects that it prints, one a line.
    var listed: (_ arguments: [String]) throws -> [[String: Any]]

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
        do {
            found += try eventProblems(one) + attributeProblems(one)
        } catch {
            found.append("a command failed: \(error)")
        }
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
        let data = answer["data"] as? [String: Any]
        return [("errors", step.errors), ("skipped", step.skipped)].compactMap { name, items in
            guard let items else { return nil }
            let wanted = items.map { item in
                var copy = item
                copy.device = item.device.map { one.filled($0, product: product) }
                return copy
            }
            let given = (data?[name] as? [[String: Any]] ?? []).map { ConformanceCase.ItemError($0) }
            return given == wanted ? nil : "\(name) are \(data?[name] ?? "none")"
        }
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

    /// Compares the stored events of the case's devices with those that it names.
    private func eventProblems(_ one: ConformanceCase) throws -> [String] {
        var wanted: [String: [[String]]] = [:]
        for row in one.events {
            var words = row.map { one.filled($0, product: product) }
            let device = words.count > 3 ? words.removeFirst() : one.name
            wanted["\(device) $event/\(words[0])", default: []].append(Array(words.dropFirst()))
        }
        var names = Set(wanted.keys)
        for row in one.attributes {
            let words = row.map { one.filled($0, product: product) }
            names.insert(
                words.count > 2 ? "\(words[0]) $attribute/\(words[1])" : "\(one.name) $attribute/\(words[0])")
        }
        let stored = Set(
            [one.name, one.name + "2"].flatMap { device in
                (reserved[device] ?? []).map { "\(device) \($0)" }
            })
        guard stored == names else { return ["the events and attributes are \(stored.sorted())"] }
        return try wanted.sorted { $0.key < $1.key }.flatMap { key, rows -> [String] in
            let words = key.components(separatedBy: " $event/")
            let given = try listed([
                "query", "--device", words[0], "--event", words[1], "--format", "ndjson",
            ])
            guard given.count == rows.count else { return ["\(key) is \(given)"] }
            return zip(given, rows).compactMap { object, row in
                let isTime = Self.isTime(object["time"] as? String ?? "", row[0])
                return isTime && Self.isEqual(object["content"], row[1]) ? nil : "not \(row) but \(object)"
            }
        }
    }

    private func attributeProblems(_ one: ConformanceCase) throws -> [String] {
        var found: [String] = []
        for (rows, options) in [(one.attributes, []), (one.history ?? [], ["--history"])] where !rows.isEmpty
        {
            let words = rows.map { row in row.map { one.filled($0, product: product) } }
            for (device, wanted) in Dictionary(grouping: words, by: { $0.count > 2 ? $0[0] : one.name }) {
                let given = try listed(["device", "attributes", device, "--json"] + options)
                let isEqual =
                    given.count == wanted.count
                    && zip(given, wanted).allSatisfy { object, row in
                        object["attribute"] as? String == row[row.count - 2]
                            && Self.isEqual(object["value"], row[row.count - 1])
                    }
                if !isEqual { found.append("\(device) has the attributes \(given)") }
            }
        }
        return found
    }

    /// Whether a value that was read is that of a JSON text.
    private static func isEqual(_ value: Any?, _ text: String) -> Bool {
        guard let value,
            let wanted = try? JSONSerialization.jsonObject(with: Data(text.utf8), options: .fragmentsAllowed)
        else { return false }
        return (value as? NSObject) == (wanted as? NSObject)
    }

    /// Whether a time is the wanted one; a wanted time `*` is one within the last hour.
    private static func isTime(_ text: String, _ wanted: String) -> Bool {
        guard wanted == "*" else { return text == wanted }
        let time = try? Date(String(text.prefix(19)) + "Z", strategy: .iso8601)
        return time.map { abs($0.timeIntervalSinceNow) < 3600 } ?? false
    }

    /// Whether a line is the wanted one.
    private static func isSample(_ line: String, _ wanted: String) -> Bool {
        let parts = wanted.components(separatedBy: "\"time\":\"*\"")
        guard parts.count == 2 else { return line == wanted }
        return line.hasPrefix(parts[0]) && line.hasSuffix(parts[1])
            && isTime(object(line)?["time"] as? String ?? "", "*")
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
