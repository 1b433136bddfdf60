// DeviceChangesTests.swift — devices that are imported, changed and deleted beside a running service.

import Foundation
import Glibc
import Testing
import VarveTestSupport

extension EndToEndTests {
    @Suite struct DeviceChangesTests {
        private let sandbox: Sandbox
        private let service: RunningService
        private let channel: DemoChannel

        init() throws {
            sandbox = try Sandbox()
            for command in [
                ["model", "create", "turbine", "--point", "power:double"],
                ["product", "create", "wind", "--model", "turbine"],
                ["device", "create", "T1", "--product", "wind", "--secret", "first-secret"],
            ] {
                let ending = try sandbox.varve(command)
                guard ending.code == 0 else { throw Overdue(description: ending.errors) }
            }
            service = try RunningService(in: sandbox)
            channel = try DemoChannel("windfarm", product: "wind", in: sandbox)
        }

        /// Logs in as a device and posts a value for it, every 20 ms until it is refused; prints the codes of the answers.
        private static let script = """
            import hashlib, json, sys, time
            import paho.mqtt.client as mqtt
            port, device, secret, count = int(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4])
            content = f"clientId{device}deviceKey{device}productKeywindtimestamp1{secret}"
            id = f"{device}|securemode=2,signmethod=sha256,timestamp=1|"
            make = getattr(mqtt, "CallbackAPIVersion", None)
            client = mqtt.Client(make.VERSION1, client_id=id) if make else mqtt.Client(client_id=id)
            client.username_pw_set(f"{device}&wind", hashlib.sha256(content.encode()).hexdigest())
            ended = []
            client.on_connect = lambda c, _, __, code: (
                print("login", code, flush=True),
                ended.append(1) if code else c.subscribe(f"/sys/wind/{device}/thing/measurepoint/resume_reply", 1))
            client.on_disconnect = lambda *rest: (print("gone", flush=True), ended.append(1))
            client.on_message = lambda _, __, message: (
                print("code", json.loads(message.payload)["code"], flush=True))
            client.connect("127.0.0.1", port)
            client.loop_start()
            for number in range(count):
                if ended: break
                client.publish(f"/sys/wind/{device}/thing/measurepoint/resume", json.dumps({
                    "id": str(number), "method": "thing.measurepoint.resume", "version": "1.0",
                    "params": {"measurepoints": {"power": number}, "time": 1704067200000 + number}}), qos=1)
                time.sleep(0.02)
            while not ended: time.sleep(0.02)
            """

        private func device(_ key: String, _ secret: String, messages: Int = 1) throws -> ChildProcess {
            try sandbox.start(
                program: [
                    "/usr/bin/python3", "-c", Self.script, String(service.port), key, secret, "\(messages)",
                ])
        }

        private func samples(_ device: String) throws -> Int {
            try sandbox.varve("query", "--device", device, "--format", "csv").output.split(separator: "\n")
                .count - 1
        }

        @Test(
            "an imported device sends at once, a changed secret ends the old login, and rejects name their lines"
        )
        func imported() throws {
            let before = try device("T1", "first-secret")
            try eventually("T1 is stored: \(before.errors)") { before.output.contains("code 200") }
            let file = try sandbox.write(
                lines: [
                    "device,product,secret", "T1,wind,other-secret", "T2,wind,second-secret", "T3,moon,x",
                ],
                "devices.csv")
            let first = try sandbox.varve("device", "import", file)
            #expect(first.code == 3 && first.output.contains("created 1 device"), "\(first.output)")
            let rejected = try String(contentsOfFile: file + ".rejected.csv", encoding: .utf8)
            #expect(rejected.contains("\n2,") && rejected.contains("\n4,"), "\(rejected)")
            let new = try device("T2", "second-secret")
            try eventually("T2 is stored: \(new.errors)") { new.output.contains("code 200") }
            // Without --update the device stays as it is.
            #expect(before.isRunning)
            let update = try sandbox.varve("device", "import", "--update", file)
            #expect(update.code == 3 && update.output.contains("changed 1 device"), "\(update.output)")
            #expect(before.wait().output.hasSuffix("gone\n"))
            #expect(try device("T1", "first-secret").wait().output.hasPrefix("login 5"))
            let changed = try device("T1", "other-secret")
            try eventually("T1 sends again: \(changed.errors)") { changed.output.contains("code 200") }
            #expect(new.isRunning)
        }

        @Test("a device with samples is not deleted; with --keep-data its login ends, and its samples stay")
        func deleted() throws {
            let sender = try device("T1", "first-secret", messages: 100_000)
            try eventually("T1 is stored: \(sender.errors)") { sender.output.contains("code 200") }
            let refused = try sandbox.varve("device", "delete", "T1")
            #expect(refused.code == 1 && refused.errors.contains("--keep-data"), "\(refused.errors)")
            #expect(sender.isRunning)
            let deleted = try sandbox.varve("device", "delete", "T1", "--keep-data")
            #expect(deleted.code == 0 && deleted.output.contains("its history stays"), "\(deleted.errors)")
            #expect(sender.wait().output.hasSuffix("gone\n"))
            #expect(try samples("T1") > 0)
            #expect(try device("T1", "first-secret").wait().output.hasPrefix("login 5"))
        }

        @Test(
            "no message in flight is stored for a device after its deletion, however slow the disk",
            .enabled(if: PreloadedDisk.compiler != nil, "there is no C compiler"))
        func inFlight() throws {
            // The service starts again, on a slow disk.
            service.stop()
            let disk = try PreloadedDisk(in: sandbox)
            let slow = try RunningService(
                in: sandbox, environment: disk.slow(below: "\(sandbox.data)/wal", milliseconds: 500))
            defer { slow.stop(SIGKILL) }
            let gateway = try sandbox.start(
                program: ["/bin/sh", "-c", Self.gateway(slow.port, channel.username, channel.password)])
            defer { _ = gateway.kill(after: 0) }
            try eventually("messages are stored") { try samples("T1") > 0 }
            let deleted = try sandbox.varve("device", "delete", "T1", "--keep-data")
            #expect(deleted.code == 0 && deleted.errors.isEmpty, "\(deleted.errors)")
            let kept = try samples("T1")
            try eventually("messages for the deleted device are refused") {
                try sandbox.varve("log", "--kind", "error", "--format", "ndjson").output.contains("1257")
            }
            #expect(try samples("T1") == kept)
        }

        /// Posts values for T1 as a gateway that does not wait for answers, until it is killed.
        private static func gateway(_ port: Int, _ user: String, _ password: String) -> String {
            """
            number=0
            while :; do
              number=$((number + 1))
              echo '{"id":"'$number'","method":"integration.measurepoint.post","params":[{"deviceKey":"T1",'\\
            '"measurepoints":{"power":'$number'},"time":'$((1767225600000 + number))'}]}'
              sleep 0.02
            done | exec mosquitto_pub -h 127.0.0.1 -p \(port) -u '\(user)' -P '\(password)' -q 1 -i gateway \
            -t /sys/wind/integration/measurepoint/post -l
            """
        }
    }
}
