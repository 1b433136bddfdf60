// PublishProgressLine.swift — the progress of publishing, and what it waits for.

import VarvePublisher

/// Shows the progress of publishing.
final class PublishProgressLine: PublishProgress {
    private var line: ProgressLine

    init() { line = ProgressLine("") }

    /// Begins the line of the next input.
    func begin(_ title: String) {
        line.end()
        line = ProgressLine(title)
    }

    func advanced(_ state: PublishState) {
        switch state.phase {
        case .checking:
            line.show(fraction: state.share, count: state.rows, unit: "rows", phase: "checking, ")
        case .sending:
            line.show(
                fraction: state.share, count: state.rows, unit: "rows", phase: "sending, ",
                detail: detail(state))
        }
    }

    func end() { line.end() }

    private func detail(_ state: PublishState) -> String {
        let batches = [state.acknowledged, state.batches].map(ImportSummary.grouped).joined(separator: " of ")
        var detail = "; \(batches) batches answered"
        if state.resent > 0 { detail += ", \(ImportSummary.grouped(state.resent)) sent again" }
        if let trouble = state.trouble { detail += "; waiting: \(trouble)" }
        return detail
    }
}
