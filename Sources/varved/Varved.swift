// Varved.swift — the executable of the service: reads the options, then serves until SIGTERM or SIGINT.

import ArgumentParser
import Glibc
import VarveFile
import VarveModel
import VarveServer
import VarveText

/// The service.
@main
struct Varved: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "varve serve",
        abstract: "Run the service: the MQTT broker, the channels and what they need.",
        discussion: """
            Third-party systems send cached history to the broker and get the answer 200 when it is on disk. Ctrl-C or \
            SIGTERM ends service and broker; what waits in the broker is kept. A service that dies is started again.

            Every setting is read from the flag, else from the variable VARVE_… (mqtt.port is VARVE_MQTT_PORT), else \
            from the configuration file, which is JSON.

            Example:
              varve serve --data /srv/varve --mqtt-port 11883
            """)

    @Option(
        help: ArgumentHelp(
            "The data directory; else the variable VARVE_DATA, else ./varve-data.", valueName: "dir"))
    var data: String?
    @Option(
        help: ArgumentHelp(
            "The group whose members may query, export and list; without it only the user of the service.",
            valueName: "name"))
    var dataGroup: String?
    @Option(help: ArgumentHelp("A configuration file.", valueName: "file"))
    var config: String?
    @Option(help: ArgumentHelp("Where the broker listens; default 127.0.0.1.", valueName: "address"))
    var mqttHost: String?
    @Option(
        help: ArgumentHelp("The broker's port; default 11883. 0: only the port for TLS.", valueName: "number")
    )
    var mqttPort: Int?
    @Option(
        help: ArgumentHelp("The broker's port for TLS, by custom 18883; default none.", valueName: "number"))
    var mqttTlsPort: Int?
    @Option(
        help: ArgumentHelp("Where the broker listens for TLS; default as --mqtt-host.", valueName: "address"))
    var mqttTlsHost: String?
    @Option(
        help: ArgumentHelp(
            "managed (default): start and watch mosquitto; external: connect to one that runs already.",
            valueName: "mode"))
    var broker: String?
    @Option(help: ArgumentHelp("trace, debug, info (default), notice, warning, error.", valueName: "level"))
    var logLevel: String?
    @Flag(
        help: ArgumentHelp(
            "Run in this process alone: nothing starts the service again when it dies. Under systemd (NOTIFY_SOCKET) "
                + "that is so anyway."))
    var noSupervise = false
    @Option(help: .hidden)
    var supervisor: Int32?
    @Flag(help: "Print the settings as a configuration file, and end.")
    var printConfig = false
    @Flag(help: "Print the mosquitto.conf that an external broker needs, and end.")
    var printBrokerConfig = false

    /// Runs the command line; ends with 1 for a failure and 2 for a wrong command line, each in one line.
    static func main() async {
        POSIXFile.occupyClosedStreams()
        POSIXFile.reportClosedPipes()
        do {
            let command = try parse()
            try await command.serve()
        } catch {
            switch exitCode(for: error) {
            case .success: print(fullMessage(for: error))
            case .validationFailure: end(2, message(for: error) + " (see varve serve --help)")
            default: end(1, "\(error)")
            }
        }
    }

    private static func end(_ code: Int32, _ message: String) -> Never {
        let line =
            "varve: " + message.split(whereSeparator: \.isNewline).joined(separator: " ").visible + "\n"
        try? POSIXFile.standardError().append(Array(line.utf8))
        Glibc.exit(code)
    }

    private func serve() async throws {
        // This comes first, so that the service ends with its supervisor during the start as well.
        let link = try supervisor.map { try SupervisorLink(descriptor: $0) }
        var sources = ConfigurationSources()
        sources.environment = Self.environment()
        sources.file = config
        let flags = [
            "data": data, "data.group": dataGroup, "mqtt.host": mqttHost,
            "mqtt.port": mqttPort.map(String.init), "mqtt.tlsPort": mqttTlsPort.map(String.init),
            "mqtt.tlsHost": mqttTlsHost, "broker.mode": broker, "log.level": logLevel,
        ]
        sources.flags = flags.compactMapValues(\.self)
        let settings = try await sources.configuration()
        if printConfig { return print(settings.json) }
        if printBrokerConfig { return print(try Server.brokerConfiguration(settings), terminator: "") }
        try await Server(settings, supervisor: link).run()
    }

    private static func environment() -> [String: String] {
        var variables: [String: String] = [:]
        var entry = environ
        while let text = entry.pointee {
            let parts = String(cString: text).split(
                separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2 { variables[String(parts[0])] = String(parts[1]) }
            entry += 1
        }
        return variables
    }
}
