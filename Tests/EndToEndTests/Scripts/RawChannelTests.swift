// RawChannelTests.swift — custom payloads and packed ones through a service and its broker.
//
// The client shares no code with Varve: see Clients/raw_client.py.

import Foundation
import Testing
import VarveTestSupport

extension EndToEndTests {
    @Suite struct RawChannelTests {
        private let sandbox: Sandbox
        private let service: RunningService
        private static let secret = "pSecret01"
        private static let frame =
            "0x0100000014010004000025f502000a6162636465666768696a0300083ff23d70a3d70a3d"
            + "0400140000000100000003000000050000000700000009050005000001a703"
        private static let points = [
            "mp_int:int64", "mp_string:string", "mp_double:double", "mp_array:json",
            "mp_int_quality:int64:quality",
        ]

        init() throws {
            sandbox = try Sandbox()
            for command in [
                ["model", "create", "frame"] + Self.points.flatMap { ["--point", $0] },
                [
                    "product", "create", "meters", "--model", "frame", "--format", "custom", "--secret",
                    Self.secret,
                ],
                ["device", "create", "M1", "--product", "meters", "--secret", Self.secret],
                ["product", "create", "wind", "--model", "frame", "--secret", Self.secret],
                ["device", "create", "T1", "--product", "wind", "--secret", Self.secret],
                ["channel", "create", "meters", "--product", "meters"],
                ["channel", "create", "windfarm", "--product", "wind"],
            ] {
                let ending = try sandbox.varve(command)
                guard ending.code == 0 else { throw Overdue(description: ending.errors) }
            }
            service = try RunningService(in: sandbox)
        }

        private func set(_ script: String) throws {
            let path = try sandbox.write(script.utf8, "script.js")
            let ending = try sandbox.varve("script", "set", "meters", path)
            #expect(ending.code == 0, "\(ending.errors)")
        }

        private func client(
            _ product: String, device: String = "%channel%", compression: String = "DEFAULT", topic: String,
            window: Int = 1, _ payloads: [String]
        ) throws -> ChildProcess {
            let script = Installation.resource("Clients/raw_client.py")
            return try sandbox.start(
                program: [
                    "/usr/bin/python3", script, String(service.port), product, device, Self.secret,
                    compression,
                    "/sys/\(product)/\(topic)", String(window),
                ] + payloads.map { $0.hasPrefix("0x") ? String($0.dropFirst(2)) : $0 })
        }

        /// The answers to payloads of the product with scripts.
        private func raw(_ payloads: String..., compression: String = "DEFAULT") throws -> [String] {
            let ending = try client(
                "meters", compression: compression, topic: "integration/model/up_raw", payloads
            ).wait()
            #expect(ending.code == 0, "\(ending.output)\(ending.errors)")
            return ending.output.split(separator: "\n").map(String.init)
        }

        private func errors() throws -> [String] {
            try sandbox.varve("log", "--kind", "error", "--format", "ndjson").output.split(separator: "\n")
                .map(String.init)
        }

        private static func message(_ time: Int) -> String {
            """
            {"id":"\(time)","version":"1.0","method":"integration.measurepoint.post","params":[{"deviceKey":"T1",\
            "measurepoints":{"mp_int":\(time)},"time":\(time)}]}
            """
        }

        @Test(
            "the published frame is stored, and answered in the published bytes, for a device and for a channel"
        )
        func published() throws {
            try set(PublishedScript.text)
            let device = try client("meters", device: "M1", topic: "M1/thing/model/up_raw", [Self.frame])
                .wait()
            #expect(device.output == "0000001400c8\n", "\(device.errors)")
            let rows = try sandbox.varve("query", "--device", "meters/M1", "--format", "csv")
            for value in [",9717,", ",abcdefghij,", ",1.14,", "[1,3,5,7,9]", ",423,3"] {
                #expect(rows.output.contains(value), "\(rows.output)\(rows.errors)")
            }
            #expect(try raw(Self.frame) == ["0000001404e9"], "the channel's topic names no device: 1257")
            try set(PublishedScript.text.replacing("params: {", with: "params: { deviceKey: 'M1',"))
            #expect(try raw(Self.frame) == ["0000001400c8"], "and the new script is effective at once")
            let log = try sandbox.varve("log", "--kind", "error").output
            #expect(log.contains("params has no deviceKey") && log.contains(Self.frame.prefix(60)), "\(log)")
        }

        @Test("whatever a script does ends in an error of the log, and the next payload is served")
        func isolation() throws {
            try set(Self.hostile)
            for (payload, reason) in [
                ("01", "took too long"), ("02", "took too"), ("03", "RangeError"),
                ("04", "Error: get"),
                ("05", "\"code\":1220"), ("06", "no usable result"), ("07", "Error: json"),
            ] {
                let answers = try raw("0a", payload + "0b", "0a")
                #expect(
                    answers.count == 3 && answers[0] == "c800" && answers[2] == "c800",
                    "\(payload) \(answers)")
                #expect(
                    answers.count > 1 && answers[1] == "c404", "1220 in the script's own bytes: \(answers)")
                try eventually("the log has it: \(payload) \(reason)") {
                    try errors().contains { $0.contains("0x\(payload)0b") && $0.contains(reason) }
                }
            }
            #expect(service.isRunning)
        }

        /// Does as its first byte says; an answer is the code, its lower byte first.
        private static let hostile = """
            function rawDataToJsonStr(bytes) {
                switch (bytes[0]) {
                case 1: for (;;);
                case 2: return String(new Uint8Array(2e9).fill(1).length);
                case 3: return rawDataToJsonStr(bytes) + 1;
                case 4: return {get method() { throw new Error('get') }};
                case 5:
                    Object.prototype.toString = Error.prototype.toString = () => { throw 'stolen' };
                    Array.prototype[Symbol.iterator] = undefined;
                    null.a;
                case 6: return 'not JSON';
                case 7: return {toJSON() { throw new Error('json') }};
                }
                return '{"id":1,"method":"thing.measurepoint.post","params":{"deviceKey":"M1","measurepoints":'
                    + '{"mp_int":1},"time":1000}}';
            }
            function jsonStrToRawData(text) {
                var code = JSON.parse(text).code;
                return [code & 255, code >> 8];
            }
            """

        @Test(
            "a product whose script is slow keeps no other product from its answers, and is refused after a while"
        )
        func slow() throws {
            try set(
                "function rawDataToJsonStr(bytes) { for (;;); }\nfunction jsonStrToRawData(t) { return [1]; }\n"
            )
            let slow = try client(
                "meters", topic: "integration/model/up_raw", window: 400, ["2000*01"])
            try eventually("the first is refused") { try errors().contains { $0.contains("took too long") } }
            let fast = try client(
                "wind", topic: "integration/measurepoint/post", (1...50).map { Self.message($0) }
            ).wait()
            #expect(
                fast.code == 0 && fast.output.components(separatedBy: "\"code\":200").count == 51,
                "\(fast.errors)")
            let ending = slow.wait()
            #expect(ending.code == 0, "\(ending.errors)")
            #expect(ending.output.contains("\"code\":429"), "\(ending.output.prefix(300))")
            let metrics = try sandbox.varve("stats", "--metrics").output
            #expect(metrics.contains("varve_script_payloads_total{outcome=\"refused\"}"), "\(metrics)")
            try set(Self.hostile)
            #expect(try raw("0a") == ["c800"], "a changed script is called at once")
        }

        @Test(
            "clients that pack with gzip and lz4 get packed answers, on JSON topics and on raw ones",
            arguments: ["GZIP", "LZ4"])
        func packed(compression: String) throws {
            let ending = try client(
                "wind", compression: compression, topic: "integration/measurepoint/post",
                [Self.message(1), "{", Self.message(2)]
            ).wait()
            #expect(ending.code == 0, "\(ending.errors)")
            let lines = ending.output.split(separator: "\n")
            #expect(lines.count == 3 && lines[0] == #"{"id":"1","code":200,"data":{}}"#, "\(lines)")
            #expect(lines.count > 1 && lines[1].contains("\"code\":1220"))
            try set(Self.hostile)
            #expect(try raw("0a", "06", compression: compression) == ["c800", "c404"])
        }
    }
}

/// The script that EnOS's documents describe, for the frame that they publish.
private enum PublishedScript {
    static let text = String(
        decoding: FileManager.default.contents(atPath: Installation.resource("Conformance/scripts/frame.js"))
            ?? Data(),
        as: UTF8.self)
}
