// NewPointText.swift — the new points of a receipt, for people: names, types, and why a point is marked.

import VarveModel
import VarveText
import VarveTransfer

/// Words new points for the receipt.
enum NewPointText {
    /// How many marked points are shown, and how many others; the rest is counted.
    private static let shown = 12
    /// The most characters of an example.
    private static let exampleLength = 20

    /// One line with the unmarked points, then a line for each marked one with the reason.
    static func lines(_ points: [NewPoint]) -> [String] {
        let marked = points.filter { $0.isMixed || $0.looksLikeNumbers }
        let plain = points.filter { !$0.isMixed && !$0.looksLikeNumbers }
        var lines: [String] = []
        if !plain.isEmpty {
            let rest = plain.count > shown ? " and \(plain.count - shown) more" : ""
            lines.append(plain.prefix(shown).map(name).joined(separator: ", ") + rest)
        }
        for point in marked.prefix(shown) { lines.append("\(name(point)) (\(reason(point)))") }
        if marked.count > shown {
            lines.append("and \(marked.count - shown) more of such points; see --json")
        }
        return lines
    }

    private static func name(_ point: NewPoint) -> String { "\(printable(point.point)) \(point.type.name)" }

    /// Why a point is marked, with what to do.
    private static func reason(_ point: NewPoint) -> String {
        let total = ImportSummary.grouped(point.numbers + point.texts + point.words)
        let texts = ImportSummary.grouped(point.texts)
        let numbers = ImportSummary.grouped(point.numbers)
        if point.looksLikeNumbers {
            return
                "\(ImportSummary.grouped(point.numberLooks)) of \(total) values are texts that look like numbers"
                + example(point, ", such as ") + ": " + remedy(point)
        }
        guard point.type == .string else {
            let misfits = "\(ImportSummary.grouped(point.texts + point.words)) of \(total) values are texts"
            if point.numberLooks > 0 {
                return misfits + example(point, " such as ") + ": rejected; " + remedy(point)
            }
            // In `--missing`, commas separate words and an equals sign follows a point, so a word has neither.
            let isWord = point.example.map {
                $0.count <= exampleLength && !$0.contains(",") && !$0.contains("=")
            }
            let advice = isWord == true ? "; " + missing(point) : "; name them in --missing"
            return misfits + ": rejected" + advice + " if they mean no reading"
        }
        if point.numbers == 0 { return "only words for no reading" + example(point, ", such as ") }
        if point.numbers >= point.texts {
            return "no number type holds all its \(numbers) numbers"
                + (point.texts > 0 ? "; \(texts) of \(total) values are texts" : "")
        }
        return "\(numbers) of \(total) values are numbers, kept as text"
    }

    /// How the numbers would have to be written.
    private static func remedy(_ point: NewPoint) -> String {
        // An example that already reads as a number can only be a JSON string.
        point.example.flatMap(Double.init) == nil ? "write numbers as 1234.5" : "write numbers without quotes"
    }

    /// The option that names the example.
    private static func missing(_ point: NewPoint) -> String {
        let word = point.example ?? ""
        let isPlain = !word.hasPrefix("-") && !word.contains { "\"$`\\!".contains($0) }
        return isPlain ? "--missing \"\(printable(word))\"" : ShellWord.option("--missing", word)
    }

    private static func example(_ point: NewPoint, _ beginning: String) -> String {
        guard let example = point.example else { return "" }
        let cut = example.count > exampleLength ? example.prefix(exampleLength) + "…" : example[...]
        return "\(beginning)\"\(printable(String(cut)))\""
    }
}
