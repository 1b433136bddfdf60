// ProgressLine.swift — the progress of long work, on standard error.
//
// Invariants:
// - On a terminal it is one line, redrawn at most five times a second and erased at the end.
// - Elsewhere it is a plain line every five seconds, so that short work prints none.

import VarveFile
import VarveModel
import VarvePlatform
import VarveText

/// Shows progress of one piece of work.
final class ProgressLine {
    private let title: String
    private let isTerminal: Bool
    private let started = SystemClock.monotonicNanoseconds()
    private var lastShown: Int64
    private var isDrawn = false

    private static let redrawNanoseconds: Int64 = 200_000_000
    private static let plainNanoseconds: Int64 = 5_000_000_000

    init(_ title: String) {
        self.title = title
        isTerminal = POSIXFile.standardError().isTerminal
        lastShown = started
    }

    /// Shows the progress if enough time has passed since the last call that did.
    ///
    /// - Parameters:
    ///   - fraction: The share that is done, 0 to 1; nil if the whole is not known.
    ///   - count: Rows or samples so far, also for the rate.
    ///   - unit: What is counted.
    ///   - phase: A text before the figures.
    ///   - detail: A text after them.
    func show(fraction: Double?, count: UInt64, unit: String, phase: String = "", detail: String = "") {
        let now = SystemClock.monotonicNanoseconds()
        guard now - lastShown >= (isTerminal ? Self.redrawNanoseconds : Self.plainNanoseconds) else { return }
        lastShown = now
        let share = fraction.map { min(max($0, 0), 1) }
        let seconds = Double(now - started) / 1e9
        let left =
            share.map { $0 > 0.01 ? ", \(Int((seconds / $0 - seconds).rounded(.up))) s left" : "" } ?? ""
        let percent = share.map { "\(Int($0 * 100)) %, " } ?? ""
        let rate = ImportSummary.grouped(UInt64(Double(count) / max(seconds, 0.001)))
        let text =
            "\(title): \(phase)\(percent)\(ImportSummary.grouped(count)) \(unit), \(rate)/s\(left)\(detail)"
        var errors = StandardErrors(draws: isTerminal)
        if isTerminal {
            isDrawn = true
            print(
                "\r\u{1B}[K\(share.map { bar($0) + " " } ?? "")\(text.visible)", terminator: "", to: &errors)
        } else {
            print(text, to: &errors)
        }
    }

    /// Erases the line on a terminal.
    func end() {
        guard isDrawn else { return }
        isDrawn = false
        var errors = StandardErrors(draws: true)
        print("\r\u{1B}[K", terminator: "", to: &errors)
    }

    private func bar(_ share: Double) -> String {
        let width = 20
        let full = Int(share * Double(width))
        return "[" + String(repeating: "#", count: full) + String(repeating: ".", count: width - full) + "]"
    }
}
