// ImportNotes.swift — lines beside the receipt of an import that ask for the user's attention.
//
// Invariants:
// - Each note is one line and names what to do.

import VarveModel
import VarveText
import VarveTransfer

enum ImportNotes {
    /// How many names are shown; the rest is counted.
    private static let shown = 8

    /// The notes, for standard error.
    ///
    /// - Parameter firstRejecting: The file of the first rejected row.
    static func lines(_ result: ImportResult, firstRejecting: String?) -> [String] {
        var notes: [String] = []
        if let row = result.firstRejected {
            notes.append(
                row.note(in: firstRejecting.map(printable) ?? "a file", of: result.receipt.rejected))
        }
        for point in result.numericTexts.prefix(shown) {
            notes.append(
                "point \(printable(point.point)) of model \(printable(point.model)) is text and got "
                    + "\(point.numbers) numbers; to make it a number point: "
                    + "varve model change \(ShellWord.quoted(point.model)) "
                    + ShellWord.option("--point", "\(point.point):double") + " --dry-run"
            )
        }
        if let other = result.otherZones.first {
            let more = result.otherZones.count > 1 ? " (and \(result.otherZones.count - 1) more devices)" : ""
            notes.append(
                "device \(printable(other.device))\(more): an earlier import read its local times in "
                    + "\(other.zone); unless its samples were deleted, those of both zones are stored now")
        }
        switch result.oddEpochs {
        case .firstYear:
            notes.append(
                "times of 1970: numbers were read as epochs in \(result.timeUnit ?? "several units"); were they another "
                    + "unit or form, such as days of a spreadsheet? --time-unit names the unit; dates are YYYY-MM-DD HH:MM"
            )
        case .digits(let digits):
            notes.append(
                "times such as \(digits) were read as seconds since 1970; if they are dates, write the minutes too: "
                    + "\(digits)00")
        case nil: break
        }
        if !result.passedOver.isEmpty {
            notes.append(
                "passed over columns that are not points: "
                    + result.passedOver.prefix(shown).map(printable).joined(separator: ", ")
                    + (result.passedOver.count > shown ? " and \(result.passedOver.count - shown) more" : ""))
        }
        return notes
    }
}

extension RejectedRow {
    /// The line that says why the first of some rejected rows was rejected.
    ///
    /// - Parameters:
    ///   - file: The name of its file, printable.
    ///   - count: How many rows were rejected.
    func note(in file: String, of count: UInt64) -> String {
        "\(file), line \(line)\(count > 1 ? ", the first of the rejected" : ""): \(reason)"
    }
}
