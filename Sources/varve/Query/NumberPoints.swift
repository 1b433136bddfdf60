// NumberPoints.swift — which points of a query have what is asked of them, where that is numbers.
//
// Texts have no average and no line in a plot. A text point that was named is an error; among all points of a device
// it is left out, and the user is told. Nothing yields an empty column without a word.

import VarveModel
import VarveQuery
import VarveStorage

/// Chooses the points that a query of numbers is of.
struct NumberPoints {
    private let request: QueryRequest

    init(_ request: QueryRequest) { self.request = request }

    /// The series that have all that is asked for.
    ///
    /// - Parameter note: Gets a line if some are left out.
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

    /// What numbers are needed for; nil if they are not.
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
