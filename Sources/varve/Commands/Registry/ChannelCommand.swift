// ChannelCommand.swift — `varve channel`: the logins with which third parties send a product's history.

import ArgumentParser
import Glibc
import VarveAccess
import VarveChannel
import VarveFile
import VarveModel
import VarvePlatform
import VarveRegistry
import VarveText

struct ChannelCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "channel",
        abstract: "Define offline channels: how a third party sends a product's history over MQTT.",
        discussion: """
            Example:
              varve channel create wind_farm --product wind
              varve channel show wind_farm
            """,
        subcommands: [
            Create.self, List.self, Show.self, Set.self, RotatePassword.self, Enable.self, Disable.self,
            Delete.self, Certificates.self,
        ])
}

/// How long a replaced secret stays valid.
struct OverlapOptions: ParsableArguments {
    @Option(help: ArgumentHelp("How long the one before stays valid, such as 12h or 7d.", valueName: "time"))
    var keep = "7d"

    func seconds() throws -> Int64 {
        guard let seconds = RetentionPeriod.seconds(keep) else {
            throw ValidationError("--keep \(printable(keep)): write a number and a unit, such as 12h or 7d")
        }
        return seconds
    }

    /// Says how long the secret before is valid.
    static func tell(_ previous: PreviousSecret?, _ what: String) {
        print(
            previous.map { "the \(what) before is valid until \($0.validUntil)" }
                ?? "the \(what) before is not valid any more")
    }
}

/// The data directory and the channel's name, for commands about one channel.
struct ChannelOptions: ParsableArguments {
    @OptionGroup var data: DataOptions
    @Argument(help: "The channel's name.") var name: String

    /// Enables or disables the channel, notifies a running service and prints the result.
    ///
    /// - Throws: `RegistryError` if there is no such channel, or the registry cannot be changed.
    func set(enabled: Bool) throws {
        let channel = try data.changeRegistry { try $0.setChannel(name, enabled: enabled) }
        let meaning = enabled ? "clients can log in" : "nobody can log in"
        print("\(enabled ? "enabled" : "disabled") channel \(channel.name): \(meaning)")
    }
}

extension ChannelCommand {
    struct Create: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make the channel of a product.",
            discussion: """
                The name has 4 to 32 letters of any script, digits and _. A product has one channel.

                Example:
                  varve channel create wind_farm --product wind --description "Gateway of the north site"
                """)

        @OptionGroup var channel: ChannelOptions
        @Option(help: ArgumentHelp("The productKey of its product.", valueName: "key")) var product: String
        @Option(help: ArgumentHelp("A text for people, at most 100 characters.", valueName: "text"))
        var description: String?

        func run() throws {
            let data = channel.data
            let new = Channel(name: channel.name, product: product, description: description)
            try data.changeRegistry { try $0.createChannel(new) }
            print("created channel \(new.name) of product \(product)")
            if !RunningService.answers(data) {
                print("next: varve serve             starts the broker and takes what is sent")
            }
            print("next: varve channel show \(new.name)  prints the login and a line to try it")
        }
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the channels.",
            discussion: """
                Example:
                  varve channel list
                """)

        @OptionGroup var data: DataOptions
        @Flag(help: "Print JSON with the logins.") var json = false

        func run() throws {
            let places = try PublishedPlaces(of: data.path)
            let channels = try data.openRegistry(to: .read).channels()
            ChannelLogin.list(
                channels.map {
                    ChannelLogin(channel: $0, broker: places.plainOrStandard, tls: places.encrypted)
                }, asJSON: json)
        }
    }

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show a channel's login, and how to send with it.",
            discussion: """
                Example:
                  varve channel show wind_farm --json
                """)

        @OptionGroup var channel: ChannelOptions
        @Flag(help: "Print JSON.") var json = false

        func run() throws {
            let data = channel.data
            let registry = try data.openRegistry(to: .read)
            let places = try PublishedPlaces(of: data.path)
            let login = ChannelLogin(
                channel: try registry.channel(named: channel.name), broker: places.plainOrStandard,
                tls: places.encrypted,
                pair: try DevelopmentAuthority(folder: DevelopmentAuthority.folder(data: data.path))
                    .firstClient())
            login.show(asJSON: json)
            if json { return }
            printExamples(login, try ExampleSample(of: login.channel.product, in: registry))
            if let advice = RunningService.startAdvice(data) { print("\nNothing is taken yet: \(advice)") }
        }

        private func printExamples(_ login: ChannelLogin, _ sample: ExampleSample?) {
            print("\nThe answers, in one terminal:\n  \(login.subscribeLine)")
            let now = Timestamp(nanoseconds: SystemClock.nanoseconds())
            let shown = sample ?? ExampleSample(device: "DEVICE", point: "POINT", type: .double)
            print("\nOne sample, in another:\n  \(login.publishLine(shown, at: now))")
            print(
                "\nOnly an answer with code 200 says that it is on disk. mosquitto_pub ends at the broker's PUBACK, which "
                    + "says nothing;\na sender keeps each message until its answer has come, as varve publish does."
            )
            if sample == nil {
                print(
                    "\nThe product has no device with a point yet: see varve device create and varve model add"
                )
            }
        }
    }

    struct Set: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Say when a message that comes again to a channel is a replay.",
            discussion: """
                A message without times gets the time of its arrival, so a copy that a client sends again is stored \
                twice. With a resend window, a message without times counts as a replay if it comes again with the same \
                client, id and bytes in that time. The risk: a client that really has the same reading again, with the \
                same id, loses the second one. Off by default.

                Example:
                  varve channel set wind_farm --resend-window 5m
                """)

        @OptionGroup var channel: ChannelOptions
        @Option(help: ArgumentHelp("A time such as 5m, at most 7d, or off.", valueName: "time|off"))
        var resendWindow: String

        func run() throws {
            let seconds = resendWindow == "off" ? 0 : RetentionPeriod.seconds(resendWindow)
            let most = Channel.longestResendWindow / 1_000_000_000
            guard let seconds, seconds <= most else {
                throw ValidationError(
                    "--resend-window \(printable(resendWindow)): write a time up to 7d, or off")
            }
            try channel.data.changeRegistry {
                try $0.setResendWindow(seconds * 1_000_000_000, ofChannel: channel.name)
            }
            print(
                "channel \(printable(channel.name)): "
                    + (seconds == 0
                        ? "a message without times that comes again is stored again"
                        : "a message without times that comes again within \(RetentionPeriod.text(seconds)) is a replay")
            )
        }
    }

    struct RotatePassword: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "rotate-password",
            abstract: "Give a channel a new password; the one before stays valid for a time.",
            discussion: """
                Only the last password before stays valid. --keep 0s ends it at once, also that of an earlier rotation.

                Example:
                  varve channel rotate-password wind_farm --keep 7d
                """)

        @OptionGroup var channel: ChannelOptions
        @OptionGroup var overlap: OverlapOptions

        func run() throws {
            let changed = try channel.data.changeRegistry {
                try $0.rotatePassword(ofChannel: channel.name, overlap: overlap.seconds())
            }
            print("new password of channel \(printable(channel.name)): \(changed.password)")
            OverlapOptions.tell(changed.previousPassword, "password")
        }
    }

    struct Enable: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Let clients log in to a channel.",
            discussion: """
                Example:
                  varve channel enable wind_farm
                """)

        @OptionGroup var channel: ChannelOptions

        func run() throws { try channel.set(enabled: true) }
    }

    struct Disable: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Keep clients from logging in to a channel.",
            discussion: """
                Example:
                  varve channel disable wind_farm
                """)

        @OptionGroup var channel: ChannelOptions

        func run() throws { try channel.set(enabled: false) }
    }

    struct Delete: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Delete a channel; its product, devices and history stay.",
            discussion: """
                Example:
                  varve channel delete wind_farm
                """)

        @OptionGroup var channel: ChannelOptions

        func run() throws {
            let deleted = try channel.data.changeRegistry { try $0.deleteChannel(channel.name) }
            print(
                "deleted channel \(deleted.name); product \(printable(deleted.product)) and its history stay")
        }
    }
}

extension ChannelCommand {
    struct Certificates: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "tls",
            abstract: "Make certificates for the broker, for a trial or a network of your own.",
            discussion: """
                It makes an authority and a certificate of the broker in broker/tls of the data directory. With certificates \
                of your own, set mqtt.tlsCertificate and mqtt.tlsKey instead.

                Examples:
                  varve channel tls --host history.plant.example
                  varve channel tls --client gateway1
                  varve channel tls --show
                """)

        @OptionGroup var data: DataOptions
        @Option(
            help: ArgumentHelp(
                "A name or address under which clients of other machines reach the broker; may be repeated. "
                    + "(default: this machine's name)", valueName: "name"))
        var host: [String] = []
        @Option(
            help: ArgumentHelp(
                "Make a certificate for a client of this name.", valueName: "name"))
        var client: String?
        @Option(help: ArgumentHelp("For how many days a certificate is valid.", valueName: "days"))
        var days = DevelopmentAuthority.defaultDays
        @Flag(help: "Make the broker's certificate again, by the same authority.") var renew = false
        @Flag(help: "Only show what is there.") var show = false

        func run() throws {
            guard (1...3650).contains(days) else { throw ValidationError("--days is \(days): use 1 to 3650") }
            // A directory of somebody else is refused before anything is made in it.
            _ = try data.openRegistry(to: .read)
            let folder = DevelopmentAuthority.folder(data: POSIXFileSystem().resolved(data.path))
            let authority = DevelopmentAuthority(folder: folder)
            if !show {
                try DirectoryGuard.makePrivate(String(folder.dropLast("/tls".count)))
                if try renew || !host.isEmpty || !authority.has(authority.server) {
                    try authority.makeServer(names: Self.names(host), days: days)
                    print(
                        "made the certificate of the broker; a service that runs with TLS takes it by itself")
                }
                if let client {
                    try authority.makeClient(client, days: days)
                    print("made the certificate of the client \(client)")
                }
            }
            guard try authority.has(authority.server) else {
                return print("there are no certificates yet: varve channel tls makes them")
            }
            let made = try CertificateFile(authority.server.certificate)
            print("broker     \(authority.server.certificate), \(authority.server.key)")
            print("names      \(made.names.joined(separator: ", "))")
            print("valid to   \(CertificateEnd(of: made))")
            if let client, try authority.has(authority.client(client)) {
                let pair = authority.client(client)
                print("client     \(pair.certificate), \(pair.key)")
            }
            print("authority  \(authority.authority.certificate)")
            try printListeners()
            print(
                "Ask for client certificates: set mqtt.tlsClientAuthority to \(authority.authority.certificate)"
            )
            print(
                "A client needs the authority's certificate, which is not secret:\n"
                    + "  mosquitto_pub -p 18883 --cafile ca.pem -h HOST -u … -P … -t … -m …")
        }

        /// Says where a running service listens, or how to start one with TLS.
        private func printListeners() throws {
            let places = try PublishedPlaces(of: data.path)
            guard let encrypted = places.encrypted else {
                print("\nStart with TLS:     varve serve --mqtt-tls-port 18883 --mqtt-tls-host 0.0.0.0")
                print("With TLS alone:     --mqtt-port 0 besides")
                return
            }
            print("TLS        \(encrypted.address.encryptedURL)")
            print("plain      \(places.plain?.url ?? "off: the broker listens with TLS alone")\n")
        }

        /// The names of the certificate: those given, or this machine's; and always those of the machine to itself.
        private static func names(_ given: [String]) -> [String] {
            let own = ["localhost", BrokerAddress.standard.host, "::1"]
            if !given.isEmpty { return given + own.filter { !given.contains($0) } }
            var name = [CChar](repeating: 0, count: 256)
            let machine =
                gethostname(&name, name.count - 1) == 0
                ? String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self) : ""
            return (machine.isEmpty || machine == "localhost" ? [] : [machine]) + own
        }
    }
}

/// Until when a certificate is valid, in words.
struct CertificateEnd: CustomStringConvertible {
    let description: String

    init(of certificate: CertificateFile) {
        let seconds = SystemClock.nanoseconds() / 1_000_000_000
        let end = Timestamp(nanoseconds: certificate.end * 1_000_000_000).description
        let left = certificate.end - seconds
        description =
            left < 0
            ? "\(end): it has expired; renew it with varve channel tls --renew"
            : left < CertificateFile.renewalSeconds
                ? "\(end), in \(left / 86_400) days: renew it with varve channel tls --renew" : end
    }
}
