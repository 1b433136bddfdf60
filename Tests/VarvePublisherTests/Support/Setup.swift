// Setup.swift — the broker, receiver, folder and sender of one test.

import VarveFile
import VarvePublisher
import VarveTestSupport

/// A broker with a receiver, and a folder for files.
final class Setup {
    let broker: Broker
    let folder: TemporaryFolder
    let receiver: FakeReceiver

    init(_ decide: @escaping FakeReceiver.Decide = { message, _ in Answer.taken(message) }) throws {
        broker = try Broker(isPersistent: false)
        folder = try TemporaryFolder("varve-publish")
        receiver = try FakeReceiver(broker.port, decide)
    }

    deinit { receiver.stop() }

    /// Options with which a hanging test ends.
    var options: PublisherOptions {
        var options = PublisherOptions(host: "127.0.0.1", port: broker.port, product: "p")
        options.giveUpSeconds = 40
        return options
    }

    /// Publishes one file.
    @discardableResult
    func publish(
        _ path: String, _ fileOptions: PublishFileOptions = PublishFileOptions(),
        _ change: (inout PublisherOptions) -> Void = { _ in }
    ) throws -> PublishResult {
        var options = self.options
        change(&options)
        let publisher = Publisher(options)
        defer { publisher.close() }
        return try publisher.publishFile(path, fileOptions)
    }

    /// Rows `device,point,time,value`, each with another value.
    static func lines(_ count: Int) -> [String] {
        ["device,point,time,value"]
            + (0..<count).map { "d\($0 % 3),p\($0 % 5),\(1_700_000_000 + $0 / 15),\($0)" }
    }

    /// The readings of `lines`, without order.
    static func readings(_ count: Int) -> Set<Reading> {
        Set(
            (0..<count).map {
                Reading(
                    device: "d\($0 % 3)", point: "p\($0 % 5)", time: "\(1_700_000_000 + $0 / 15)000",
                    value: "\($0)")
            })
    }
}
