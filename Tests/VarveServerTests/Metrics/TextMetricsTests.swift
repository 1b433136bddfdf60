// TextMetricsTests.swift — metrics as a scraper reads them.

import CoreMetrics
import Testing

@testable import VarveServer

@Suite struct TextMetricsTests {
    @Test("counters, gauges and timers are written by name, with type, help and labels")
    func text() {
        let metrics = TextMetrics(help: ["a_total": "What a is."])
        Counter(label: "a_total", dimensions: [("kind", "x")], factory: metrics).increment(by: 3)
        Counter(label: "a_total", dimensions: [("kind", "b")], factory: metrics).increment()
        Meter(label: "level", factory: metrics).set(2.5)
        let timer = Timer(label: "wait_seconds", factory: metrics)
        timer.recordNanoseconds(1_500_000_000)
        timer.recordNanoseconds(500_000_000)
        #expect(
            metrics.text == """
                # HELP a_total What a is.
                # TYPE a_total counter
                a_total{kind="b"} 1
                a_total{kind="x"} 3
                # TYPE level gauge
                level 2.5
                # TYPE wait_seconds summary
                wait_seconds_sum 2
                wait_seconds_count 2

                """)
    }

    @Test("the same name and labels are the same number, also when its holder is gone")
    func shared() {
        let metrics = TextMetrics()
        for _ in 0..<3 {
            let counter = Counter(label: "a", factory: metrics)
            counter.increment(by: 1 << 50)
            counter.destroy()
        }
        #expect(metrics.text == "# TYPE a counter\na \(3 << 50)\n")
    }

    @Test("names and labels from other libraries cannot break the format")
    func foreignNames() {
        let metrics = TextMetrics()
        Counter(label: "http.requests é", dimensions: [("a-b", "x\"y\\\nz")], factory: metrics).increment()
        Meter(label: "n", factory: metrics).set(Double.nan)
        Meter(label: "i", factory: metrics).set(-Double.infinity)
        #expect(
            metrics.text == """
                # TYPE http_requests__ counter
                http_requests__{a_b="x\\"y\\\\\\nz"} 1
                # TYPE i gauge
                i -Inf
                # TYPE n gauge
                n NaN

                """)
    }
}
