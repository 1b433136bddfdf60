// ConsumptionReportTests.swift — the service's report to the plugin about the messages that it has finished with.

import Testing
import VarveChannel

@Suite struct ConsumptionReportTests {
    private func parse(_ text: String) -> ConsumptionReport? { parse(Array(text.utf8)) }
    private func parse(_ bytes: [UInt8]) -> ConsumptionReport? {
        bytes.withUnsafeBytes { ConsumptionReport($0) }
    }

    @Test("reports are read back, and nothing else is a report")
    func reports() {
        let lines: [ConsumptionReport.Line] = [
            .init(cost: 12, messages: 3, product: "pk"), .init(cost: .max, messages: 0, product: ""),
            .init(cost: 0, messages: 1, product: "with spaces \u{301}"),
        ]
        for report in [ConsumptionReport.consumed(lines), .drained] {
            #expect(report.payloads.compactMap(parse) == [report])
        }
        #expect(parse("consumed 7 1") == .consumed([.init(cost: 7, messages: 1, product: "")]))
        for text in [
            "", "consumed", "consumed 1", "consumed -1 1", "consumed +1 1", "consumed x 1", "consumed 1 1 ",
            "consumed 1  1", "drained 1", "drained\n", "consumed 1 1 a\n", "\nconsumed 1 1", "other",
            "consumed 1 1 a\ndrained", "consumed 9223372036854775808 1 a", "consumed 1 99999999999999999999",
            "consumed 1 1 " + String(repeating: "x", count: 1025),
        ] {
            #expect(parse(text) == nil, "\(text.prefix(40))")
        }
        #expect(parse(Array("consumed 1 1 ".utf8) + [0xFF]) == nil, "not UTF-8")
        #expect(
            parse(Array("consumed 1 1 a\n".utf8) + [0xCC, 0x81]) == nil,
            "a line that is only a combining mark")
    }

    @Test("a report of many products is split into payloads of at most 64 KiB, and a longer one is refused")
    func manyProducts() throws {
        let lines = (0..<5000).map {
            ConsumptionReport.Line(
                cost: $0, messages: 1, product: "p\($0)" + String(repeating: "x", count: 40))
        }
        let payloads = ConsumptionReport.consumed(lines).payloads
        #expect(payloads.count > 1 && payloads.allSatisfy { $0.count <= ConsumptionReport.maximumBytes })
        var read: [ConsumptionReport.Line] = []
        for payload in payloads {
            guard case .consumed(let part)? = parse(payload) else { continue }
            read += part
        }
        #expect(read == lines)
        let line = Array("consumed 1 1 a\n".utf8)
        #expect(parse(Array(repeatElement(line, count: 5000).joined()) + Array("consumed 1 1".utf8)) == nil)
    }

    @Test("a product whose name is too long for a report is reported without it")
    func longProduct() {
        let report = ConsumptionReport.consumed([
            .init(cost: 1, messages: 1, product: String(repeating: "x", count: 1025))
        ])
        #expect(report.payloads.compactMap(parse) == [.consumed([.init(cost: 1, messages: 1, product: "")])])
    }
}
