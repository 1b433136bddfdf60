// ChannelWorkload.swift — from MQTT to the durable reply, compared with a subscriber that only sends the
// replies.
//
// Both sides are measured in turn with the same broker process, plugin, settings, senders and messages. The
// service is killed and its broker goes on. The null subscriber takes the service's place and login. The next
// service adopts the broker. Every message is new to the store.

import Glibc
import Synchronization
import VarveFile
import VarveMQTT
import VarvePlatform

struct ChannelWorkload {
    let tool: String
    let scratch: TemporaryFolder
    let runs: Int

    /// Two products, each with its own sender, so that no sender reads the other's replies.
    private static let products = ["bench1", "bench2"]
    private static let messagesPerSender = 20_000
    private static let window = 500
    private static let payloadBytes = 2048
    private static let points = ["P_avg", "Ws_avg", "Ot_avg", "Ba_avg"]

    func run(into report: inout Report) throws {
        let files = POSIXFileSystem()
        let data = scratch.path + "/channel"
        let service = ChannelService(tool: tool, data: data, port: 21_883, files: files)
        try register(data)
        try service.start()
        let logins = try Self.products.map { try login($0, service, data, files) }
        var varve = Figure()
        var null = Figure()
        var samples = 0
        for run in 0...runs {
            let batches = Self.products.indices.map { Self.messages(run * 2 + 1, $0, count: &samples) }
            let first = try measure(logins, batches)
            service.kill()
            let other = try withNullSubscriber(service) {
                try measure(
                    logins, Self.products.indices.map { Self.messages(run * 2 + 2, $0, count: &samples) })
            }
            try service.start()
            // The first pair of runs warms up both sides.
            if run > 0 {
                varve.add(first)
                null.add(other)
            }
        }
        service.stop()
        let perMessage = Double(samples) / Double((runs + 1) * 2 * 2 * Self.messagesPerSender)
        report.add(
            "Offline channel: \(Self.payloadBytes) B messages of \(Int(perMessage.rounded())) samples, \(Self.products.count) senders with \(Self.window) in flight",
            [
                .init("messages to durable replies", "messages/s", varve),
                .init("the same in samples", "samples/s", varve.map { $0 * perMessage }, .atLeast(50_000)),
                .init("null subscriber", "messages/s", null),
                .init(
                    "Varve / null subscriber", "ratio of medians", Figure([varve.median / null.median]),
                    .atLeast(0.5)),
            ])
    }

    private func register(_ data: String) throws {
        var commands = [["model", "create", "bench"] + Self.points.flatMap { ["--point", "\($0):double"] }]
        for product in Self.products {
            commands.append(["product", "create", product, "--model", "bench"])
            for device in 0..<20 {
                commands.append(["device", "create", Self.device(device), "--product", product])
            }
            commands.append(["channel", "create", product, "--product", product])
        }
        for command in commands { _ = try ChildProcess.run([tool] + command + ["--data", data]) }
    }

    private func login(
        _ product: String, _ service: ChannelService, _ data: String, _ files: any FileSystem
    ) throws -> MQTTOptions {
        let output = data + "-channel.json"
        _ = try ChildProcess.run(
            [tool, "channel", "show", product, "--json", "--data", data], output: output)
        let text = String(decoding: try files.readAll(output), as: UTF8.self)
        func value(_ name: String) -> String {
            let rest = text.split(separator: "\"\(name)\":").last ?? ""
            return String(rest.drop { $0 != "\"" }.dropFirst().prefix { $0 != "\"" })
        }
        return MQTTOptions(
            host: "127.0.0.1", port: service.port, clientID: "sender-\(product)", username: value("username"),
            password: value("password"))
    }

    /// The messages per second of all senders together.
    private func measure(_ logins: [MQTTOptions], _ messages: [[[UInt8]]]) throws -> Double {
        let senders = try zip(Self.products, messages).enumerated().map { index, part in
            let sender = ChannelSender(product: part.0, messages: part.1, window: Self.window)
            try sender.connect(logins[index])
            return sender
        }
        let threads = senders.map { sender in BenchmarkThread { try sender.run() } }
        let start = SystemClock.monotonicNanoseconds()
        for thread in threads { try thread.start() }
        for thread in threads { try thread.join() }
        let seconds = Double(SystemClock.monotonicNanoseconds() - start) / 1e9
        for sender in senders {
            guard sender.refused == 0 else { throw HarnessError("\(sender.refused) messages were refused") }
            sender.close()
        }
        return Double(messages.reduce(0) { $0 + $1.count }) / seconds
    }

    private func withNullSubscriber(_ service: ChannelService, _ body: () throws -> Double) throws -> Double {
        let subscriber = NullSubscriber(try service.serviceOptions())
        let thread = BenchmarkThread { try subscriber.run() }
        try thread.start()
        while !subscriber.isReady { usleep(1000) }
        let result = try body()
        subscriber.stop()
        try thread.join()
        return result
    }

    private static func device(_ number: Int) -> String { "R80\(700 + number)" }

    /// New messages for one sender: each of one device, with items one second apart and values with two
    /// decimals.
    private static func messages(_ round: Int, _ sender: Int, count: inout Int) -> [[UInt8]] {
        var generator = SystemRandomNumberGenerator()
        var time = 1_400_000_000_000 + round * 1_000_000_000_000 / 100
        var messages: [[UInt8]] = []
        messages.reserveCapacity(messagesPerSender)
        for number in 0..<messagesPerSender {
            var text =
                #"{"id":"\#(round)-\#(number)","version":"1.0","method":"integration.measurepoint.post","params":["#
            var isFirst = true
            while text.utf8.count < payloadBytes - 120 {
                if !isFirst { text += "," }
                isFirst = false
                text += #"{"deviceKey":"\#(device(number % 20))","measurepoints":{"#
                for (index, point) in points.enumerated() {
                    let value = Int.random(in: 100...99_999, using: &generator)
                    text += (index > 0 ? "," : "") + #""\#(point)":\#(value / 100).\#(10 + value % 90)"#
                    count += 1
                }
                text += #"},"time":\#(time)}"#
                time += 1000
            }
            messages.append(Array((text + "]}").utf8))
        }
        return messages
    }
}
