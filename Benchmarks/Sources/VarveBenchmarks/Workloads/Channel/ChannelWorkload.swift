// ChannelWorkload.swift — from MQTT to the durable reply, compared with a subscriber that only sends the
// replies.
//
// Both sides are measured in turn with the same broker process, plugin, settings, senders and messages. The
// service is killed and its broker goes on. The null subscriber takes the service's place and login. The next
// service adopts the broker. Every message is new to the store. A thousand clients are connected all the time, and the
// message log is on.

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
    private static let window = 500
    private static let clients = 1000
    /// The clients of the service itself, and one sender of each product.
    private static let otherClients = 2 + products.count

    func run(into report: inout Report) throws {
        let files = POSIXFileSystem()
        let data = scratch.path + "/channel"
        // Below the ports that the kernel gives out, and another one for a benchmark that runs beside this one.
        let port = UInt16(20_000 + getpid() % 10_000)
        let service = ChannelService(tool: tool, data: data, port: port, files: files)
        try register(data)
        try service.start()
        defer { service.stop() }
        let logins = try Self.products.map { try login($0, service, data, files) }
        let idle = try IdleClients(Self.clients - Self.otherClients, logins: logins)
        defer { idle.close() }
        var series = MessageSeries()
        for (name, size, count) in [
            ("2 KB", .bytes(2048), 20_000), ("20 KB", .bytes(20_480), 3000),
        ] as [(String, MessageSeries.Size, Int)] {
            try compare(name, size, count, service, logins, &series, into: &report)
        }
        try measureLargeMessages(logins, &series, into: &report)
    }

    /// Varve and the null subscriber by turns.
    private func compare(
        _ name: String, _ size: MessageSeries.Size, _ count: Int, _ service: ChannelService,
        _ logins: [MQTTOptions], _ series: inout MessageSeries, into report: inout Report
    ) throws {
        var (varve, null, rate) = (Figure(), Figure(), Figure())
        var ratios = Figure()
        for run in 0...runs {
            let own = try measure(logins, batches(count, size, &series))
            service.kill()
            let batches = batches(count, size, &series)
            let other = try withNullSubscriber(service) { try measure(logins, batches) }
            try service.start()
            // The first pair of runs warms up both sides.
            guard run > 0 else { continue }
            varve.add(own.messages)
            rate.add(own.samples)
            null.add(other.messages)
            ratios.add(own.messages / other.messages)
        }
        report.add(
            "Offline channel: messages of \(name), \(Self.products.count) senders with \(Self.window) in flight, \(Self.clients) clients connected",
            [
                .init("messages to durable replies", "messages/s", varve),
                .init("the same in samples", "samples/s", rate),
                .init("null subscriber", "messages/s", null),
                .init("Varve / null subscriber, by turns", "ratio", ratios, .atLeast(0.8)),
            ])
    }

    /// The rate of messages of 500 samples, then the time to their replies at half that rate.
    private func measureLargeMessages(
        _ logins: [MQTTOptions], _ series: inout MessageSeries, into report: inout Report
    ) throws {
        var (rate, latency, median) = (Figure(), Figure(), Figure())
        for run in 0...runs {
            let full = try measure(logins, batches(3000, .samples(500), &series))
            let half = try measure(
                logins, batches(2000, .samples(500), &series), rate: full.messages / 2 / Double(logins.count))
            guard run > 0 else { continue }
            rate.add(full.samples)
            let sorted = half.latencies.sorted()
            latency.add(sorted[sorted.count * 99 / 100] * 1000)
            median.add(sorted[sorted.count / 2] * 1000)
        }
        report.add(
            "Offline channel: messages of 500 samples",
            [
                .init("samples to durable replies", "samples/s", rate, .atLeast(300_000)),
                .init("from sending to reply at half that rate, 99th percentile", "ms", latency, .below(50)),
                .init("the same, median", "ms", median),
            ])
    }

    private func batches(
        _ count: Int, _ size: MessageSeries.Size, _ series: inout MessageSeries
    ) -> [(messages: [[UInt8]], samples: Int)] {
        Self.products.map { _ in series.next(count, size) }
    }

    private func register(_ data: String) throws {
        let points = MessageSeries.points.flatMap { ["--point", "\($0):double"] }
        var commands = [["model", "create", "bench"] + points]
        for product in Self.products {
            commands.append(["product", "create", product, "--model", "bench"])
            for device in MessageSeries.devices {
                commands.append(["device", "create", device, "--product", product])
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

    /// The messages and samples per second of all senders together, and the seconds to each reply.
    ///
    /// - Parameter rate: The messages per second of each sender; nil for as many as the window lets through.
    private func measure(
        _ logins: [MQTTOptions], _ batches: [(messages: [[UInt8]], samples: Int)], rate: Double? = nil
    ) throws -> (messages: Double, samples: Double, latencies: [Double]) {
        let senders = try zip(Self.products, batches).enumerated().map { index, part in
            let sender = ChannelSender(
                product: part.0, messages: part.1.messages, window: Self.window, rate: rate)
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
        return (
            Double(batches.reduce(0) { $0 + $1.messages.count }) / seconds,
            Double(batches.reduce(0) { $0 + $1.samples }) / seconds, senders.flatMap(\.latencies)
        )
    }

    private func withNullSubscriber<Result>(
        _ service: ChannelService, _ body: () throws -> Result
    ) throws -> Result {
        let subscriber = NullSubscriber(try service.serviceOptions())
        let thread = BenchmarkThread { try subscriber.run() }
        try thread.start()
        while !subscriber.isReady { usleep(1000) }
        let result = try body()
        subscriber.stop()
        try thread.join()
        return result
    }
}
