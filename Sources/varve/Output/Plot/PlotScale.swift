// PlotScale.swift — where values are between the bottom and the top of a plot, and the labels of the axis.

import Glibc
import VarveModel
import VarveText

/// The value axis of a plot.
struct PlotScale {
    private let low: Double
    private let high: Double

    /// Makes the scale from the smallest to the largest value.
    ///
    /// If they are equal, the value is in the middle.
    init(low: Double, high: Double) {
        guard low == high else {
            self.low = low
            self.high = high
            return
        }
        let margin = low == 0 ? 1 : low.magnitude / 10
        self.low = max(low - margin, -Double.greatestFiniteMagnitude)
        self.high = min(low + margin, Double.greatestFiniteMagnitude)
    }

    /// How far below the top a value is: 0 at the top, 1 at the bottom.
    func share(_ value: Double) -> Double {
        // Halves, because the distance between the largest doubles of both signs is not finite.
        (high / 2 - value / 2) / (high / 2 - low / 2)
    }

    /// The label of line `row` of `count`, counted from 0 at the top.
    func label(row: Int, of count: Int) -> String {
        let share = Double(row) / Double(count - 1)
        return text(high * (1 - share) + low * share)
    }

    /// A value with as many digits as the scale can show.
    private func text(_ value: Double) -> String {
        let size = max(low.magnitude, high.magnitude)
        let step = (high / 2 - low / 2) / 8
        guard size < 1e7, size >= 1e-3 else {
            // Four digits and an exponent: longer numbers do not fit beside the plot.
            guard value != 0 else { return "0" }
            let exponent = floor(log10(value.magnitude))
            let digits = value / pow(10, exponent)
            let mantissa = (digits * 1000).rounded() / 1000
            return ValueText.string(mantissa) + "e\(Int(exponent))"
        }
        let decimals = step > 0 ? min(max(-floor(log10(step)), 0), 9) : 0
        let whole = max(floor(log10(size)) + 1, 1)
        let scale = pow(10, min(decimals, max(0, 8 - whole)))
        let rounded = (value * scale).rounded() / scale
        return ValueText.string(rounded == 0 ? 0 : rounded)
    }
}
