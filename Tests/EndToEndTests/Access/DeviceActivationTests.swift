// DeviceActivationTests.swift — dynamic activation (secure mode 3) against `varve serve`, by clients that know EnOS only.

import Foundation
import Testing
import VarveTestSupport

extension EndToEndTests {
    @Suite struct DeviceActivationTests {
        private let sandbox: Sandbox
        private let service: RunningService

        init() throws {
            sandbox = try Sandbox()
            for command in [
                ["model", "create", "turbine", "--point", "power:double"],
                ["product", "create", "wind", "--model", "turbine", "--secret", "pSecret01"],
                ["device", "create", "T1", "--product", "wind", "--secret", "dSecret01", "--asset", "a-1"],
                ["channel", "create", "windfarm", "--product", "wind"],
            ] {
                let ending = try sandbox.varve(command)
                guard ending.code == 0 else { throw Overdue(description: ending.errors) }
            }
            service = try RunningService(in: sandbox)
        }

        /// Logs in to be activated, and prints each message; ends after the first, or after so many seconds.
        private static let script = """
            import hashlib, sys, threading
            import paho.mqtt.client as mqtt
            port, device, seconds = int(sys.argv[1]), sys.argv[2], float(sys.argv[3])
            name = sys.argv[4]
            content = f"clientId{name}deviceKey{device}productKeywindtimestamp1.5pSecret01"
            make = getattr(mqtt, "CallbackAPIVersion", None)
            id = f"{name}|securemode=3,signmethod=sha256,timestamp=1.5|"
            client = mqtt.Client(make.VERSION1, client_id=id) if make else mqtt.Client(client_id=id)
            client.username_pw_set(f"{device}&wind", hashlib.sha256(content.encode()).hexdigest())
            done = threading.Event()
            def heard(_, __, message):
                print(message.topic, message.payload.decode(), flush=True)
                done.set()
            client.on_message = heard
            client.on_connect = lambda _, __, ___, code: (print("login", code, flush=True), code and done.set())
            client.connect("127.0.0.1", port)
            client.loop_start()
            done.wait(seconds)
            """

        private func device(_ key: String, seconds: Int, name: String) throws -> ChildProcess {
            try sandbox.start(
                program: [
                    "/usr/bin/python3", "-c", Self.script, String(service.port), key, String(seconds), name,
                ])
        }

        @Test(
            "of several logins at once one is told the secret; later ones are refused until varve device reset"
        )
        func once() throws {
            let clients = try (0..<4).map { try device("T1", seconds: 8, name: "c\($0)") }
            let outputs = clients.map { $0.wait().output }
            let told = outputs.flatMap { $0.split(separator: "\n") }.filter { $0.hasPrefix("/ext/") }
            #expect(told.count == 1, "\(outputs)")
            let message = try #require(told.first)
            let topic = "/ext/session/wind/T1/thing/activate/info "
            #expect(message.hasPrefix(topic))
            let object = try #require(
                try JSONSerialization.jsonObject(with: Data(message.dropFirst(topic.count).utf8))
                    as? [String: Any])
            #expect(
                object["method"] as? String == "thing.activate.info" && object["version"] as? String == "1.0")
            let params = try #require(object["params"] as? [String: String])
            #expect(
                params == [
                    "assetId": "a-1", "productKey": "wind", "deviceKey": "T1", "deviceSecret": "dSecret01",
                ])
            try eventually("a later login is refused") {
                try device("T1", seconds: 1, name: "late").wait().output.contains("login 5")
            }
            try eventually("the log has both") {
                let log = try sandbox.varve("log", "--kind", "connection").output
                return log.contains("device T1 is activated") && log.contains("varve device reset")
                    && !log.contains("dSecret01")
            }
        }
    }
}
