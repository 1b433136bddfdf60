// TerminalPlotTests.swift — plots as text, dot for dot.

import Testing
import VarveModel
import VarveText

@testable import varve

@Suite struct TerminalPlotTests {
    static let hour: Int64 = 3_600_000_000_000
    static let start: Int64 = 1_714_521_600_000_000_000  // 2024-05-01T00:00:00Z

    static func plot(
        hours: Int64 = 24, width: Int = 60, isColoured: Bool = false, _ series: [(String, [(Int64, Double?)])]
    ) -> String {
        var plot = TerminalPlot(
            times: start...start + hours * hour, terminalWidth: width, clock: LocalTimeText(zone: nil),
            isColoured: isColoured)
        for (label, values) in series {
            plot.startSeries(label)
            for (minute, value) in values { plot.add(start + minute * hour / 60, value) }
        }
        return plot.text()
    }

    /// A reading every `step` minutes over a day.
    static func day(step: Int64, _ value: (Int64) -> Double?) -> [(Int64, Double?)] {
        (0...1440 / step).map { ($0 * step, value($0 * step)) }
    }

    static let rising = day(step: 60) { $0 >= 480 && $0 <= 660 ? nil : Double($0) / 60 }
    static let falling = day(step: 60) { 24 - Double($0) / 60 }

    @Test("a single high reading is visible, and the axes have values and times")
    func spike() {
        let saw = Self.day(step: 10) { $0 == 700 ? 30 : Double($0 / 10 * 7 % 40) / 4 }
        #expect(
            Self.plot([("WT1/Power", saw)]) == """
                WT1/Power  min 0  max 30  145 values
                         30 ┤                     ⢸
                            │                     ⢸
                            │                     ⢸
                            │                     ⢸
                            │                     ⢸
                         20 ┤                     ⢸
                            │                     ⢸⡀
                            │                     ⢸⡇
                            │                     ⢸⡇
                            │                     ⢸⡇
                         10 ┤     ⡀    ⢀      ⢀   ⢸⡇⡀      ⡀    ⢀      ⢀
                            │ ⣴ ⡇ ⡇⢰ ⣼ ⣾ ⡄⢠⡆⢸ ⢸ ⡆⢠⣿⣷⡇⢠ ⣴ ⡇ ⡇⢰ ⣼ ⣾ ⡄⢠⡆⢸ ⢸ ⡆
                            │⢠⢿⢰⡇⢸⣇⣸ ⣿ ⣿⢸⡇⡼⡇⣾ ⣿⣀⡇⢸⣿⣿⡇⣿⢠⢿⢰⡇⢸⣇⣸ ⣿ ⣿⢸⡇⡼⡇⣾ ⣿⣀⡇
                            │⢸⢸⢸⢹⡏⢸⠿⣴⠛⣾⢹⣸⢧⡇⡇⡏⣿⠁⡿⢧⡞⢻⠏⣇⡿⣼⢸⢸⢹⡏⢸⠿⣴⠛⣾⢹⣸⢧⡇⡇⡏⣿⠁⡿⢧
                            │⡞⢸⡏⢸⡇⢸ ⣿ ⡏⢸⡇⢸⠃⣿⠁⣿ ⡇⢸⡇⢸ ⣿ ⡟⢸⡏⢸⡇⢸ ⣿ ⡏⢸⡇⢸⠃⣿⠁⣿ ⡇⢸
                          0 ┤⡇⠸⠁⠘ ⠈ ⠟ ⠃⠈ ⢸ ⠏ ⠃ ⠁⠸⠃⠘ ⠁ ⡇⠸⠁⠘ ⠈ ⠟ ⠃⠈ ⢸ ⠏ ⠃ ⠁⠸
                            └─────────────────────────────────────────────
                            2024-05-01 00:00              2024-05-02 00:00

                """)
    }

    @Test("missing readings leave a gap, and letters distinguish series")
    func severalSeries() {
        #expect(
            Self.plot([("A/x", Self.rising), ("B/x", Self.falling)]) == """
                A A/x  min 0  max 24  21 values
                B B/x  min 0  max 24  25 values
                         24 ┤⠙⢦⡀                                       ⢀⡴⠋ A
                            │  ⠉⠳⢤⡀                                 ⢀⡤⠞⠉
                            │     ⠉⠳⢤⡀                           ⢀⣠⠞⠉
                            │        ⠙⠲⣄⡀                     ⢀⣠⠖⠋
                            │           ⠙⠲⣄⡀                ⣠⠖⠋
                         16 ┤              ⠙⠲⣄           ⣀⡴⠚⠁
                            │                ⠈⠓⢦⣀     ⣀⡴⠚⠁
                            │                   ⠈⠓⢦⣀⡴⠚⠁
                            │                      ⠈⠳⢤⡀
                            │                         ⠉⠳⢤⡀
                          8 ┤                            ⠉⠳⢤⡀
                            │           ⣠⠴⠂                 ⠙⠦⣄
                            │        ⣠⠴⠋⠁                     ⠈⠙⠦⣄
                            │     ⣀⡴⠚⠁                           ⠈⠙⢦⣀
                            │  ⣀⡴⠚⠁                                 ⠈⠓⢦⣀
                          0 ┤⣠⠞⠁                                       ⠈⠳⣄ B
                            └─────────────────────────────────────────────
                            2024-05-01 00:00              2024-05-02 00:00

                """)
    }

    @Test("a constant series is a line in the middle")
    func constant() {
        #expect(
            Self.plot([("const", [(0, 5), (700, 5), (1440, 5)])]) == """
                const  min 5  max 5  3 values
                        5.5 ┤
                            │
                            │
                            │
                            │
                       5.17 ┤
                            │
                            │
                            │⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉
                            │
                       4.83 ┤
                            │
                            │
                            │
                            │
                        4.5 ┤
                            └─────────────────────────────────────────────
                            2024-05-01 00:00              2024-05-02 00:00

                """)
    }

    @Test("NaN breaks a line like a missing reading, and so does twice the usual distance")
    func gaps() {
        func row(_ values: [(Int64, Double?)]) -> String {
            let lines = Self.plot([("x", values)]).split(separator: "\n")
            return String(lines[9].dropFirst(13))
        }
        let whole = Self.day(step: 60) { _ in 1 }
        #expect(!row(whole).contains(" "))
        #expect(row(Self.day(step: 60) { $0 == 720 ? .nan : 1 }).contains("   "))
        #expect(row(Self.day(step: 60) { $0 == 720 ? .infinity : 1 }).contains("   "))
        #expect(row(whole.filter { $0.0 != 720 }).contains("   "))
    }

    @Test("series without numbers draw nothing, one reading and the largest doubles draw something")
    func extremes() {
        #expect(
            Self.plot([("none", [(0, nil), (700, .nan)])])
                == "none  0 values\nnothing to draw: no numbers in this range\n")
        let one = Self.plot(hours: 0, [("one", [(0, 0.000_12)])])
        #expect(one.hasPrefix("one  min 0.00012  max 0.00012  1 value\n    1.32e-4 ┤\n"))
        #expect(one.contains("⠈"))
        let huge = Self.plot([("huge", [(0, 1.7e308), (1440, -1.7e308)])])
        #expect(huge.contains("\n    1.7e308 ┤⠙"))
        #expect(huge.contains("\n   -1.7e308 ┤"))
    }

    @Test("colours are used only where asked for, and lines fit the terminal")
    func colours() {
        let series = [("A/x", Self.rising), ("B/x", Self.falling)]
        let coloured = Self.plot(isColoured: true, series)
        #expect(coloured.contains("\u{1B}[36mA\u{1B}[0m A/x"))
        #expect(coloured.contains("\u{1B}[33m"))
        for width in [52, 80, 133] {
            let lines = Self.plot(width: width, series).split(separator: "\n")
            #expect(lines.allSatisfy { $0.count <= width })
            #expect(lines.contains { $0.count > width - 3 })
        }
        #expect(Self.plot(width: 80, series).contains("2024-05-01 12:00"))
    }
}
