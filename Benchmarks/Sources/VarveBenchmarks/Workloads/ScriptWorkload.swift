// ScriptWorkload.swift — small payloads through a parsing script, with its process.

import VarvePlatform
import VarveScript

/// Measures calls of a script.
struct ScriptWorkload {
    /// The path of the `varve` that is measured; the runner is beside it.
    let tool: String
    let runs: Int

    private static let payloads = 12_800

    /// Reads four points of a frame, as the scripts of binary devices do.
    private static let script = """
        function rawDataToJsonStr(bytes) {
            var data = new Uint8Array(bytes.length);
            for (var i = 0; i < bytes.length; i++) { data[i] = bytes[i] & 0xff; }
            var view = new DataView(data.buffer);
            var points = {};
            for (var at = 5; at < data.length;) {
                var length = view.getUint8(at + 1);
                var value = at + 2;
                switch (data[at]) {
                    case 1: points.power = view.getInt32(value) / 10; break;
                    case 2: points.state = view.getInt8(value); break;
                    case 3: points.energy = view.getFloat64(value); break;
                    case 4: points.temperature = view.getInt16(value) / 100; break;
                    default: throw new Error('unknown code ' + data[at]);
                }
                at = value + length;
            }
            return JSON.stringify({
                id: String(view.getUint32(1)), method: 'integration.measurepoint.post', version: '1.0',
                params: [{ deviceKey: 'T1', time: Date.now(), measurepoints: points }] });
        }
        """

    private static let frame: [UInt8] = [
        1, 0, 0, 0, 20, 1, 4, 0, 0, 37, 245, 2, 1, 3, 3, 8, 0x3F, 0xF2, 0x3D, 0x70, 0xA3, 0xD7, 0x0A, 0x3D, 4,
        2, 9, 7,
    ]

    func run(into report: inout Report) throws {
        var lines: [Report.Line] = []
        for (batch, goal) in [(64, .atLeast(20_000)), (256, nil), (1, nil)] as [(Int, Goal?)] {
            var figure = Figure()
            for _ in 0..<runs { figure.add(try rate(batch: batch)) }
            lines.append(.init("\(batch) to a call", "payloads/s", figure, goal))
        }
        var start = Figure()
        for _ in 0..<runs { start.add(try startMilliseconds()) }
        lines.append(.init("start of a process, to the first result", "ms", start))
        report.add("Parsing scripts: payloads of \(Self.frame.count) bytes, one process", lines)
    }

    private func pool() -> ScriptPool {
        let folder = tool.split(separator: "/", omittingEmptySubsequences: false).dropLast()
        return ScriptPool((folder + ["VarveScriptRunner"]).joined(separator: "/"), processes: 1)
    }

    private func rate(batch: Int) throws -> Double {
        let pool = pool()
        defer { pool.end() }
        let script = ParsingScript(product: "p", text: Self.script)
        let payloads = [[UInt8]](repeating: Self.frame, count: batch)
        let calls = batch == 1 ? Self.payloads / 4 : Self.payloads / batch
        let timed = try Stopwatch.time {
            for _ in 0..<calls {
                for result in try pool.call(.decode, of: script, payloads) { _ = try result.get() }
            }
        }
        return Double(calls * batch) / timed.seconds
    }

    private func startMilliseconds() throws -> Double {
        let pool = pool()
        defer { pool.end() }
        let script = ParsingScript(product: "p", text: Self.script)
        return try Stopwatch.time { try pool.call(.decode, of: script, [Self.frame]) }.seconds * 1000
    }
}
