// SelectionOptions.swift — `--device`, `--point`, `--from` and `--to` of commands that take all samples by default.

import ArgumentParser
import VarveModel

/// The options that choose samples.
struct SelectionOptions: ParsableArguments {
    @Option(name: .customLong("device"), help: "A device, or product/device; without it all. Repeatable.")
    var devices: [String] = []
    @Option(name: .customLong("point"), help: "A measurement point; without it all. Repeatable.")
    var points: [String] = []
    @Option(
        parsing: .unconditional,
        help: "First time: RFC 3339, YYYY-MM-DD[ HH:MM[:SS]] (UTC or --tz) or an integer epoch.") var from:
        String?
    @Option(parsing: .unconditional, help: "First time after the range; forms as for --from.") var to: String?

    /// Whether the series of all devices and points are chosen.
    var isWhole: Bool { devices.isEmpty && points.isEmpty }

    /// The range of times.
    ///
    /// - Parameter tz: The zone of local times; nil: UTC.
    /// - Throws: What `TimeBound.range` throws.
    func range(tz: String?) throws -> TimeRange { try TimeBound.range(from: from, to: to, tz: tz) }

    /// Prints what is odd about the times.
    ///
    /// - Throws: What `TimeBound.printNotes` throws.
    func printNotes(tz: String?) throws { try TimeBound.printNotes(from: from, to: to, tz: tz) }

    /// The series that are chosen.
    ///
    /// - Throws: What `SeriesSelection.selectAny` throws.
    func series(of source: some SampleSource) throws -> [SelectedSeries] {
        try SeriesSelection.selectAny(from: source, devices: devices, points: points)
    }
}
