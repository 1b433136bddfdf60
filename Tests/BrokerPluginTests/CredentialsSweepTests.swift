// CredentialsSweepTests.swift — a sweep over wrong logins and forbidden topics in a real broker with the built plugin.
//
// Invariants:
// - Each wrong login differs from a right one, which the same test shows to be accepted, in one thing.
// - The counts are printed.

import Foundation
import Testing
import VarveAccess
import VarveChannel
import VarvePlatform

@Suite(.serialized, .timeLimit(.minutes(5))) struct CredentialsSweepTests {
    /// The keys of two products that are equal to Unicode and differ in their bytes.
    private static let alike = ["caf\u{E9}", "cafe\u{301}"]
    private static let base = Credentials(
        service: .init(username: "varve-service", password: "sp"),
        channels: [
            .init(
                product: "pk", name: "one", isEnabled: true, productSecret: "psecret", password: "fixed",
                replacedSecret: .init(secret: "osecret", validUntil: 1),
                replacedPassword: .init(secret: "ofixed", validUntil: 1)),
            .init(
                product: "other", name: "two", isEnabled: true, productSecret: "qsecret", password: "gixed"),
            .init(
                product: "off", name: "three", isEnabled: false, productSecret: "rsecret", password: "hixed"),
            .init(product: "bare", name: "four", isEnabled: true, productSecret: "", password: ""),
            .init(
                product: alike[0], name: "five", isEnabled: true, productSecret: "ssecret", password: "ixed"),
            .init(
                product: alike[1], name: "six", isEnabled: true, productSecret: "tsecret", password: "jixed"),
        ],
        devices: [
            .init(product: "pk", key: "d1", secret: "dsecret"),
            .init(product: "pk", key: "d2", secret: "esecret", isActivated: true),
            .init(product: "other", key: "d1", secret: "fsecret"),
            .init(product: "off", key: "d1", secret: "gsecret"),
        ])

    /// A login by signature, and what of it differs from what was signed.
    private struct Form: Sendable {
        var key = "%channel%", product = "pk", secret = "psecret", mode = "4"
        var method = Signature.Method.sha256, id = "c", timestamp = "1"
        var parameters: [String: String?] = [:]
        var username: String?
        var edit: @Sendable (String) -> String = { $0 }
        var prefix = ""

        /// The client id, user name and password; `number` makes the client id its own.
        func login(_ number: Int) -> (id: String, username: String, password: String) {
            let signed = "\(number)\(id)"
            let signature = Signature(
                clientID: signed, deviceKey: key, productKey: product, timestamp: timestamp, secret: secret,
                method: method)
            var fields: [(String, String?)] = [
                ("securemode", mode), ("signmethod", method.rawValue), ("timestamp", timestamp),
            ]
            for (index, field) in fields.enumerated() {
                if let value = parameters[field.0] { fields[index].1 = value }
            }
            let text = fields.compactMap { field in field.1.map { "\(field.0)=\($0)" } }.joined(
                separator: ",")
            return (
                "\(prefix)\(signed)|\(text)|", username ?? "\(key)&\(product)",
                edit(signature?.password ?? "")
            )
        }

        func with(_ change: (inout Form) -> Void) -> Form {
            var copy = self
            change(&copy)
            return copy
        }
    }

    private static let forms: [(name: String, form: Form)] = [
        ("channel, mode 4", Form()), ("channel, mode 2", Form(mode: "2")),
        ("device", Form(key: "d1", secret: "dsecret", mode: "2")),
        ("activation", Form(key: "d1", secret: "psecret", mode: "3")),
    ]

    /// The ways in which a login by signature can be wrong.
    private static func wrong(_ form: Form) -> [(String, Form)] {
        var cases: [(String, Form)] = []
        func add(_ name: String, _ change: (inout Form) -> Void) { cases.append((name, form.with(change))) }
        let secrets = [
            "psecret", "qsecret", "dsecret", "esecret", "fsecret", "osecret", "", "PSECRET", "psecret ",
        ]
        for secret in secrets where secret != form.secret { add("secret \(secret)") { $0.secret = secret } }
        for mode in ["", "0", "1", "5", "02", "2 4", "２", "2", "3", "4"] {
            let isRight = mode == form.mode || form.key == "%channel%" && ["2", "4"].contains(mode)
            if !isRight { add("mode \(mode)") { $0.parameters["securemode"] = mode } }
        }
        for name in ["securemode", "signmethod", "timestamp"] {
            add("no \(name)") { $0.parameters[name] = .some(nil) }
            add("empty \(name)") { $0.parameters[name] = "" }
        }
        for method in ["md5", "sha1", "sha512", "hmac", "none"] {
            add("method \(method)") { $0.parameters["signmethod"] = method }
        }
        add("timestamp") { $0.parameters["timestamp"] = "2" }
        add("client id") { $0.prefix = "x" }
        for name in [
            "d1&other", "d2&pk", "D1&pk", "%channel%&other", "%channel%&off", "d1&off", "pk&d1", "d1&pk ",
        ] {
            if name != "\(form.key)&\(form.product)" { add("user \(name)") { $0.username = name } }
        }
        for name in ["", "&pk", "d1&", "%channel%", "%channel%&", "%CHANNEL%&pk", "%channel%&p\u{200B}k"] {
            add("user \(name)") { $0.username = name }
        }
        add("short password") { $0.edit = { String($0.dropLast()) } }
        add("long password") { $0.edit = { $0 + "0" } }
        add("no password") { $0.edit = { _ in "" } }
        add("secret as password") { $0.edit = { _ in form.secret } }
        add("letters beyond hex") { $0.edit = { $0.replacing("a", with: "g").replacing("1", with: "l") } }
        add("invisible client id") { $0.id = "a\u{202E}b" }
        add("compression") { $0.id = "{compress=LZO}" }
        return cases
    }

    /// Wrong logins with a fixed password.
    private static let wrongPasswords: [(username: String?, password: String?)] = [
        (nil, nil), (nil, "fixed"), ("", "fixed"), ("%channel%&pk", nil), ("%channel%&pk", ""),
        ("%channel%&pk", "wrong"), ("%channel%&pk", "Fixed"), ("%channel%&pk", "fixed "),
        ("%channel%&pk", "fixe"),
        ("%channel%&pk", "gixed"), ("%channel%&pk", "ofixed"), ("%channel%&pk", "psecret"),
        ("%channel%&pk", "sp"),
        ("%channel%&other", "fixed"), ("%channel%&off", "hixed"), ("%channel%&bare", ""),
        ("%channel%&bare", "x"),
        ("%channel%&nope", "fixed"), ("%channel%&PK", "fixed"), ("%channel%&pk ", "fixed"),
        (" %channel%&pk", "fixed"),
        ("%channel%", "fixed"), ("%channel%&", "fixed"), ("&pk", "fixed"), ("pk", "fixed"),
        ("pk&%channel%", "fixed"),
        ("%Channel%&pk", "fixed"), ("d1&pk", "fixed"), ("d1&pk", "dsecret"), ("d1&pk", "psecret"),
        ("varve-service", "fixed"), ("varve-service", "sp"), ("varve-service", nil),
        ("%channel%&\(alike[0])", "jixed"),
        ("%channel%&\(alike[1])", "ixed"), ("%channel%&p\u{200B}k", "fixed"),
        ("%channel%&pk?SDK=a&B", "wrong"),
        ("%channel%&p?SDK=k", "fixed"),
    ]

    /// Topics to which no client may publish.
    private static let writes = [
        "/sys/pk/integration/measurepoint/post_reply", "/sys/pk/d1/thing/measurepoint/resume_reply",
        "/sys/other/integration/measurepoint/post", "/sys/other/integration/measurepoint/post_reply",
        "/sys/other/d1/thing/measurepoint/resume", "/sys", "/sys/", "/sys/pk", "sys/pk/", "//sys/pk/x",
        "/SYS/pk/x",
        "/sys/pK/x", "/sys/\(Self.alike[0])/x", "$CONTROL/varve/v1",
        "$CONTROL/varve/replies", "$CONTROL/varve/proof", "$CONTROL/x",
        "/ext/session/pk/d1/thing/activate/info",
        "/ext/session/other/d1/thing/activate/info_reply", "/ext/session/other/d1/combine/login",
        "/ext/session/pk/d1/combine/login_reply", "/ext/session/pk/d1/combine/enable", "hello",
    ]
    /// mosquitto 2.0.11 refuses these by itself, before it asks the plugin, so they leave no event.
    private static let brokerWrites = ["$SYS/broker/x", "$SYS/x"]

    /// Filters to which no client may subscribe.
    private static let filters = [
        "#", "+", "+/#", "/#", "/+/#", "+/+/#", "/sys/#", "sys/#", "/sys/+/#", "/sys/+/integration/#",
        "/+/pk/#", "+/pk/#", "/sys/other/#", "/sys/other/integration/measurepoint/post_reply", "$SYS/#",
        "$SYS/broker/#", "$CONTROL/#", "$CONTROL/varve/proof", "$share/g/sys/pk/#", "$share/g//sys/pk/#",
        "$share/g/#", "/sys/pk", "/sys/pk/", "/sys/pk/integration/measurepoint/post",
        "/sys/\(Self.alike[0])/#",
        "/ext/#", "/ext/session/#", "/ext/session/+/+/thing/activate/info",
        "/ext/session/other/d1/thing/activate/info", "/ext/session/other/d1/combine/login_reply",
        "/ext/session/+/+/combine/login_reply", "/ext/session/pk/d1/combine/login",
    ]

    private func service(_ broker: PluginBroker) throws -> Client {
        let client = try Client(
            broker, clientID: ServiceClient.id, username: "varve-service",
            password: try #require(ServiceProof(secret: "sp", clientID: ServiceClient.id)).password,
            keepsSession: true, usesVersion5: true)
        #expect(client.isAccepted)
        #expect(try client.subscribe("/sys/#") <= 2)
        #expect(try client.subscribe("sys/#") <= 2)
        return client
    }

    private func login(_ broker: PluginBroker, _ form: Form, _ number: Int) throws -> Client {
        let login = form.login(number)
        return try Client(broker, clientID: login.id, username: login.username, password: login.password)
    }

    @Test(
        "no wrong login of a channel, a device or an activation passes, and each is in the log with a reason")
    func logins() throws {
        let broker = try PluginBroker(Self.base)
        let service = try service(broker)
        var (number, attempts, passed) = (0, 0, 0)
        for (name, form) in Self.forms {
            number += 1
            let right = try login(broker, form, number)
            #expect(right.isAccepted, "\(name) with nothing wrong")
            right.drop()
            for (what, form) in Self.wrong(form) {
                number += 1
                attempts += 1
                let client = try login(broker, form, number)
                if client.isAccepted { passed += 1 }
                #expect(!client.isAccepted, "\(name): \(what)")
            }
        }
        for (username, password) in Self.wrongPasswords {
            number += 1
            attempts += 1
            let client = try Client(broker, clientID: "f\(number)", username: username, password: password)
            if client.isAccepted { passed += 1 }
            #expect(!client.isAccepted, "\(username ?? "-") \(password ?? "-")")
        }
        for id in [ServiceClient.id, ServiceClient.repliesID] {
            attempts += 1
            let client = try Client(broker, clientID: id, username: "%channel%&pk", password: "fixed")
            if client.isAccepted { passed += 1 }
            #expect(!client.isAccepted)
        }
        #expect(!service.isLost)
        broker.stop()
        try broker.readEvents()
        let refused = broker.events.filter { $0.kind == .refused }
        let logged = refused.reduce(0) { $0 + $1.count }
        print("wrong logins: \(attempts), passed: \(passed), in the log: \(logged)")
        #expect(attempts > 150 && logged == attempts)
        #expect(refused.allSatisfy { !$0.detail.isEmpty })
        for secret in ["psecret", "dsecret", "fixed", "osecret", "hixed"] {
            #expect(!refused.contains { $0.detail.contains(secret) })
        }
    }

    @Test(
        "no forbidden topic of a channel, a device or an activation can be published to, subscribed to or heard"
    )
    func topics() throws {
        let broker = try PluginBroker(Self.base)
        let service = try service(broker)
        let neighbour = try Client(broker, clientID: "n", username: "%channel%&other", password: "gixed")
        #expect(try neighbour.subscribe("/sys/other/#") == 1)
        var tried = (writes: 0, filters: 0)
        var clients: [Client] = []
        for (index, entry) in Self.forms.enumerated() {
            let client = try login(broker, entry.form, 1000 + index)
            #expect(client.isAccepted)
            clients.append(client)
            for topic in Self.brokerWrites { try client.publish(topic, "forged") }
            for topic in Self.writes {
                tried.writes += 1
                try client.publish(topic, "forged")
                #expect(!client.isLost, "\(entry.name) \(topic)")
            }
            for filter in Self.filters {
                tried.filters += 1
                #expect(try client.subscribe(filter) == 128, "\(entry.name) \(filter)")
            }
            let own =
                entry.form.mode == "3"
                ? "/ext/session/pk/d1/#" : "/sys/pk/\(entry.form.key == "d1" ? "d1/" : "")#"
            #expect(try client.subscribe(own) == 1, "\(entry.name) \(own)")
        }
        try neighbour.publish("/sys/other/integration/measurepoint/post", "of a neighbour")
        try service.drive("the neighbour's message arrives") { !service.received.isEmpty }
        #expect(service.received.map(\.payload) == ["of a neighbour"])
        for client in clients + [neighbour] {
            #expect(client.received.isEmpty)
            client.drop()
        }
        broker.stop()
        try broker.readEvents()
        func logged(_ kind: ConnectionEvent.Kind) -> Int {
            broker.events.filter { $0.kind == kind && $0.username != "varve-service" }.reduce(0) {
                $0 + $1.count
            }
        }
        print(
            "forbidden topics: \(tried.writes) published, \(logged(.deniedPublish)) in the log;",
            "\(tried.filters) subscribed, \(logged(.deniedSubscribe)) in the log")
        #expect(logged(.deniedPublish) == tried.writes && logged(.deniedSubscribe) == tried.filters)
    }
}
