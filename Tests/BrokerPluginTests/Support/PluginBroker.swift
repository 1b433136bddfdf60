// PluginBroker.swift — a broker that has loaded the built plugin, and the events that the plugin writes.

import Glibc
import Testing
import VarveAccess
import VarveTestSupport

/// A running broker that checks logins and rights.
final class PluginBroker {
    private let broker: Broker
    private let options: [String]
    /// Where the events file has been read to.
    private var position: ConnectionEventPosition?
    private(set) var events: [ConnectionEvent] = []

    var port: UInt16 { broker.port }
    var folder: String { broker.folder }
    var credentialsPath: String { broker.credentialsPath }
    var databasePath: String { broker.databasePath }
    var log: String { broker.log }

    /// Starts a broker.
    ///
    /// - Parameters:
    ///   - credentials: The content of its credentials file; nil for no file.
    ///   - options: More lines of the plugin's options.
    ///   - usesPlugin: Whether it loads the plugin; without it, every client may do everything.
    init(_ credentials: Credentials?, options: [String] = [], usesPlugin: Bool = true) throws {
        self.options = options
        broker = try Broker(usesPlugin ? .plugin(options: options) : .everybody) { folder in
            if let credentials { try CredentialsFile.write(credentials, to: folder + "/credentials") }
        }
    }

    /// Starts it again after `stop`, with the plugin and a new log.
    func start() throws {
        broker.admission = .plugin(options: options)
        try broker.start()
    }

    /// Stops it with SIGTERM, as its service does.
    func stop() { broker.stop() }

    /// Stops the broker's process while `body` runs, so that it then finds all of its effects at once.
    func whilePaused(_ body: () throws -> Void) rethrows { try broker.whilePaused(body) }

    /// Waits until a condition holds; the error shows the broker's log and the events that were read.
    func wait(_ fact: String, until holds: () throws -> Bool) throws {
        do {
            try broker.wait(fact, until: holds)
        } catch let error as Overdue {
            throw Overdue(description: "\(error)\n\(events)")
        }
    }

    /// Waits for an event; earlier events count, too.
    func event(_ fact: String, where matches: (ConnectionEvent) -> Bool) throws -> ConnectionEvent {
        var found: ConnectionEvent?
        try wait("the event: \(fact)") {
            try readEvents()
            found = events.first(where: matches)
            return found != nil
        }
        return try #require(found)
    }

    /// Reads the new lines of the events file.
    func readEvents() throws {
        let batch = try ConnectionEvents(path: broker.eventsPath).read(after: position)
        events += batch.events
        position = batch.position
        #expect(batch.notes.isEmpty)
    }
}

extension Credentials {
    /// The service, and a channel of product `pk` and one of product `other`, both with the password `fixed`.
    static let twoProducts = Credentials(
        service: .init(username: "varve-service", password: "sp"),
        channels: [
            .init(product: "pk", name: "one", isEnabled: true, productSecret: "", password: "fixed"),
            .init(product: "other", name: "two", isEnabled: true, productSecret: "", password: "fixed"),
        ], devices: [])
}
