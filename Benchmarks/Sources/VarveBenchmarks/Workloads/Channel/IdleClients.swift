// IdleClients.swift — clients that are connected and send nothing, as most gateways are at any moment.

import Glibc
import VarveMQTT

/// Connections that only exist.
final class IdleClients {
    private final class Client: MQTTReceiver {
        var isAccepted = false
        var failure: String?

        func connected(refusal: MQTTError?, hasSession _: Bool) {
            if let refusal { failure = refusal.description } else { isAccepted = true }
        }

        func subscribed(id _: Int32, codes _: [Int32]) {}
        func received(_: MQTTMessageView) {}
        func published(id _: Int32) {}
    }

    private var connections: [MQTTConnection] = []

    /// Connects clients with one login each, which differ in the client id.
    ///
    /// - Parameter count: The number of clients, which take the logins in turn.
    init(_ count: Int, logins: [MQTTOptions]) throws {
        try Self.raiseFileLimit(to: count + 512)
        for number in 0..<count {
            var options = logins[number % logins.count]
            options.clientID = "idle-\(number)"
            // Longer than any run: nobody sends pings for these clients.
            options.keepAliveSeconds = 3600
            let client = Client()
            let connection = MQTTConnection(options, receiver: client)
            try connection.connect()
            for _ in 0..<50 where !client.isAccepted && client.failure == nil {
                try connection.flush()
                if connection.wait(milliseconds: 100) { try connection.readAvailable { false } }
            }
            guard client.isAccepted else {
                throw HarnessError("client \(number) cannot connect: \(client.failure ?? "no answer in 5 s")")
            }
            connections.append(connection)
        }
    }

    func close() {
        for connection in connections { connection.disconnect() }
        connections.removeAll()
    }

    private static func raiseFileLimit(to count: Int) throws {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        limit.rlim_cur = max(limit.rlim_cur, min(limit.rlim_max, rlim_t(count)))
        guard setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else {
            throw HarnessError("cannot open \(count) files")
        }
    }
}
