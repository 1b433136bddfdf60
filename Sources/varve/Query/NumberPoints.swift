// NumberPoints.swift — chooses the points of a query that needs numbers.
//
// Texts have no average and no line in a plot. A text point named with `--point` is an error. Without `--point`, text
// points are left out, and a note says so. No query gives an empty column without a note.

import VarveModel
import VarveQuery
import VarveStorage

/// Chooses the series with numbers if the query needs numbers.
struct NumberPoints {
    private let request: QueryRequest

    init(_ request: QueryRequest) { self.request = request }

    /// All series, or those with numbers if the query needs numbers.
    ///
    /// - Parameter note: Called with a line for the user if some are left out.
    /// - Throws: `QueryFailure` if a text point is named, or if only text points are there.
    func select(_ series: [SelectedSeries], _ note: (String) -> Void) throws(QueryFailure) -> [SelectedSeries]
    {
        let texts = series.filter { $0.info.type.isText }
        guard let purpose, let text = texts.first else { return series }
        let numbers = series.filter { !$0.info.type.isText }
        guard request.points.isEmpty, !numbers.isEmpty else {
            throw QueryFailure(
                description:
                    "\(purpose.option): \(name(text)) is a \(text.info.type.name) point, \(purpose.reason); "
                    + "name others with --point\(purpose.remedy)")
        }
        let more = texts.count > 3 ? ", …" : ""
        note(
            "\(purpose.option): left out \(texts.count == 1 ? "the text point" : "\(texts.count) text points") "
                + texts.prefix(3).map(name).joined(separator: ", ") + more)
        return numbers
    }

    /// The option that needs numbers, why, and what to do instead; nil if no option needs them.
    private var purpose: (option: String, reason: String, remedy: String)? {
        if case .plot = request.presentation { return ("--plot", "and only numbers can be drawn", "") }
        guard let numeric = request.aggregation?.aggregates.first(where: { !$0.isForText }) else {
            return nil
        }
        return (
            "--agg \(numeric.rawValue)", "which has count, first and last only",
            ", or give --agg count,first,last"
        )
    }

    private func name(_ series: SelectedSeries) -> String {
        printable(series.printed.device) + "/" + printable(series.printed.point)
    }
}
