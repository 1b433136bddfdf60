// TopicRightsTests.swift — which role may publish to, subscribe to and read which topic.

import Testing
import VarveAccess
import VarveChannel

@Suite struct TopicRightsTests {
    private enum Act {
        case write
        case read
        case subscribe
    }

    private func may(_ role: Role, _ act: Act, _ topic: String) -> Bool {
        let rights = TopicRights(role)
        return Array(topic.utf8).withUnsafeBytes { bytes in
            switch act {
            case .write: rights.mayWrite(bytes)
            case .read: rights.mayRead(bytes)
            case .subscribe: rights.maySubscribe(bytes)
            }
        }
    }

    private let channel = Role.channel(product: "pk")
    private let device = Role.device(product: "pk", key: "d1")

    @Test("a channel writes below its product, with and without the leading slash, but no replies")
    func channelWrites() {
        for topic in [
            "/sys/pk/integration/measurepoint/post", "sys/pk/integration/measurepoint/post", "/sys/pk/x",
            "/sys/pk//", "/sys/pk/x_reply/y", "/sys/pk/d1/thing/measurepoint/resume",
        ] { #expect(may(channel, .write, topic), "\(topic)") }
        for topic in [
            "/sys/pk/integration/measurepoint/post_reply", "/sys/pk/_reply", "/sys/pk", "/sys/pk/", "sys/pk/",
            "/sys/pk2/x", "/sys/p/x", "//sys/pk/x", "/sys/other/integration/measurepoint/post", "", "/", "#",
            "$SYS/x", "$CONTROL/varve/v1", "$CONTROL/varve/replies", "/SYS/pk/x",
        ] { #expect(!may(channel, .write, topic), "\(topic)") }
    }

    @Test("a channel reads replies of its own product only")
    func channelReads() {
        #expect(may(channel, .read, "/sys/pk/integration/measurepoint/post_reply"))
        #expect(may(channel, .read, "sys/pk/integration/measurepoint/post_reply"))
        for topic in ["/sys/pk/integration/measurepoint/post", "/sys/pk2/x_reply", "/sys/x_reply", "_reply"] {
            #expect(!may(channel, .read, topic), "\(topic)")
        }
    }

    @Test("a filter is granted only if all that it matches is below the client's prefix and may be a reply")
    func subscriptions() {
        for filter in [
            "/sys/pk/#", "sys/pk/#", "/sys/pk/+", "/sys/pk/integration/+/post_reply", "/sys/pk/+/#",
            "/sys/pk/integration/measurepoint/post_reply",
        ] { #expect(may(channel, .subscribe, filter), "\(filter)") }
        for filter in [
            "#", "+/#", "/#", "/+/pk/#", "/sys/#", "/sys/+/#", "sys/+/integration/measurepoint/post_reply",
            "/sys/pk2/#", "/sys/pk/integration/measurepoint/post", "$share/g/sys/pk/#", "$share/g//sys/pk/#",
            "/sys/pk", "/sys/pk/", "$SYS/#", "$CONTROL/#", "", "+",
        ] { #expect(!may(channel, .subscribe, filter), "\(filter)") }
    }

    @Test("a device has the same rights below its own key")
    func devices() {
        #expect(may(device, .write, "/sys/pk/d1/thing/measurepoint/resume"))
        #expect(may(device, .read, "/sys/pk/d1/thing/measurepoint/resume_reply"))
        #expect(may(device, .subscribe, "/sys/pk/d1/#"))
        for topic in ["/sys/pk/d2/x", "/sys/pk/integration/measurepoint/post", "/sys/pk/d1", "/sys/pk/d12/x"]
        {
            #expect(!may(device, .write, topic), "\(topic)")
        }
        #expect(!may(device, .subscribe, "/sys/pk/#"))
        #expect(!may(device, .subscribe, "/sys/pk/+/#"))
    }

    @Test("a device that is being activated reads its activation and nothing else, and writes nothing")
    func activation() {
        let device = Role.activation(product: "pk", key: "d1")
        let topic = "/ext/session/pk/d1/thing/activate/info"
        #expect(may(device, .read, topic))
        for filter in [
            topic, String(topic.dropFirst()), "/ext/session/pk/d1/#", "/ext/session/pk/d1/thing/+/+",
        ] {
            #expect(may(device, .subscribe, filter), "\(filter)")
        }
        let others = [
            "/ext/session/pk/d2/thing/activate/info", "/ext/session/p2/d1/thing/activate/info",
            "/ext/session/#",
            "/ext/session/+/+/thing/activate/info", "#", "/sys/pk/d1/x_reply", "/sys/pk/d1/#", "/sys/pk/#",
            "/sys/pk/integration/measurepoint/post_reply", "/ext/session/pk/d1/x", "$SYS/#",
        ]
        for topic in others {
            #expect(!may(device, .read, topic) && !may(device, .subscribe, topic), "\(topic)")
        }
        for topic in others + [topic, topic + "_reply", "/sys/pk/d1/thing/measurepoint/resume"] {
            #expect(!may(device, .write, topic), "\(topic)")
        }
        for other in [channel, self.device, .service] { #expect(!may(other, .read, topic)) }
        func isActivation(_ topic: String) -> Bool {
            Array(topic.utf8).withUnsafeBytes { TopicRights.isActivationTopic($0) }
        }
        #expect(isActivation(topic))
        for topic in others + [
            topic + "_reply", String(topic.dropFirst()), "/ext/session//d/thing/activate/info",
        ] {
            #expect(
                !isActivation(topic) || topic.hasSuffix("d2/thing/activate/info") || topic.contains("/p2/"))
        }
    }

    @Test("a gateway logs in sub-devices on its own topics only, and reads the answers there")
    func subDevices() {
        for ending in ["combine/login", "combine/login/batch", "combine/logout"] {
            let own = "/ext/session/pk/d1/\(ending)"
            for topic in [own, String(own.dropFirst())] {
                for role in [channel, device] {
                    #expect(
                        may(role, .write, topic) && !may(role, .read, topic) && !may(role, .subscribe, topic))
                    let answer = topic + "_reply"
                    #expect(
                        !may(role, .write, answer) && may(role, .read, answer)
                            && may(role, .subscribe, answer))
                }
                #expect(may(.service, .read, topic) && !may(.service, .write, topic))
                #expect(may(.service, .write, topic + "_reply") && !may(.service, .read, topic + "_reply"))
                let nobody = Role.activation(product: "pk", key: "d1")
                #expect(!may(nobody, .write, topic) && !may(nobody, .read, topic + "_reply"))
            }
            let others = ["/ext/session/pk/d2/\(ending)", "/ext/session/pk/%channel%/\(ending)"]
            for topic in others {
                #expect(may(channel, .write, topic) && may(channel, .read, topic + "_reply"))
                #expect(!may(device, .write, topic) && !may(device, .read, topic + "_reply"))
            }
            for topic in [
                "/ext/session/p2/d1/\(ending)", "/ext/session/pk//\(ending)", "/ext/session/pk/\(ending)",
                "/ext/session/pk/d1/x/\(ending)", "/ext/session/pk/d1/\(ending)/",
                "/ext/session/pk/d1/\(ending)x",
                "//ext/session/pk/d1/\(ending)", "/ext/session/pk/d1/combine/enable",
                "/ext/session/pk/d1/combine",
                "/ext/session/pk/d1/thing/activate/info", "/ext/session/pk/d1/thing/activate/info_reply",
            ] {
                for role in [channel, device] {
                    #expect(!may(role, .write, topic), "\(topic)")
                    for act in [Act.read, .subscribe] {
                        #expect(!may(role, act, topic) && !may(role, act, topic + "_reply"), "\(topic)")
                    }
                }
            }
            #expect(may(channel, .subscribe, "/ext/session/pk/+/\(ending)_reply"))
            #expect(!may(device, .subscribe, "/ext/session/pk/+/\(ending)_reply"))
            #expect(!may(channel, .subscribe, "/ext/session/+/+/\(ending)_reply"))
        }
        for filter in ["/ext/session/pk/#", "/ext/session/pk/d1/#", "/ext/session/pk/d1/+/+", "/ext/#"] {
            #expect(!may(channel, .subscribe, filter) && !may(device, .subscribe, filter), "\(filter)")
        }
    }

    @Test("the level below sys or ext/session is the product of a topic")
    func products() {
        func product(_ topic: String) -> String {
            Array(topic.utf8).withUnsafeBytes { String(decoding: TopicRights.product(of: $0), as: UTF8.self) }
        }
        for topic in [
            "/sys/pk/x", "sys/pk/x/y", "/sys/pk", "sys/pk/", "/ext/session/pk/d1/combine/login_reply",
            "ext/session/pk/d1/x",
        ] { #expect(product(topic) == "pk") }
        for topic in [
            "", "/", "sys", "/sys/", "//sys/pk", "/sys//x", "sysx/pk", "$CONTROL/varve/v1", "/ext/session/",
            "/ext/pk/x",
        ] {
            #expect(product(topic).isEmpty, "\(topic)")
        }
    }

    @Test("the service reads all but answers, and writes answers and its control messages")
    func service() {
        for filter in ChannelTopic.all { #expect(may(.service, .subscribe, filter), "\(filter)") }
        for filter in ["#", "/#", "$CONTROL/#"] { #expect(!may(.service, .subscribe, filter)) }
        #expect(may(.service, .read, "/sys/pk/integration/measurepoint/post"))
        #expect(!may(.service, .read, "other/topic"))
        #expect(may(.service, .write, "/sys/pk/integration/measurepoint/post_reply"))
        #expect(may(.service, .write, "$CONTROL/varve/v1"))
        #expect(may(.service, .write, "$CONTROL/varve/replies"))
        #expect(!may(.service, .read, "/sys/pk/integration/measurepoint/post_reply"))
        for topic in ["/sys/pk/x", "other_reply", "$CONTROL/varve/v2", "$CONTROL/dynamic-security/v1"] {
            #expect(!may(.service, .write, topic), "\(topic)")
        }
    }

    @Test(
        "keys that cannot be a level of a topic have no rights",
        arguments: ["+", "#", "a/b", "", "a+", "x#"])
    func unsafeKeys(key: String) {
        for role in [Role.channel(product: key), .device(product: "pk", key: key)] {
            for topic in ["/sys/\(key)/x", "/sys/pk/\(key)/x", "/sys/pk/x/y", "sys//x"] {
                for act in [Act.write, .subscribe] { #expect(!may(role, act, topic)) }
                #expect(!may(role, .read, topic + "_reply"))
            }
        }
        #expect(
            !may(.device(product: "pk", key: "integration"), .write, "/sys/pk/integration/measurepoint/post"))
    }

    @Test("a sender may choose a topic for its answer only where it may read for sure")
    func chosenTopics() {
        func mayChoose(_ topic: String, _ request: String) -> Bool {
            Array(topic.utf8).withUnsafeBytes { topic in
                Array(request.utf8).withUnsafeBytes { TopicRights.isReplyTopic(topic, toMessageOn: $0) }
            }
        }
        let post = "/sys/pk/integration/measurepoint/post"
        for topic in [
            "/sys/pk/integration/mine_reply", "sys/pk/integration/a/b/_reply", post + "_reply",
            "/sys/pk/integration/" + String(repeating: "x", count: 486) + "_reply",
        ] { #expect(mayChoose(topic, post), "\(topic)") }
        for topic in [
            "", "_reply", "mine", "/sys/pk/integration/mine", "/sys/pk/integration_reply", "/sys/pk/x_reply",
            "/sys/pk/d1/x_reply", "/sys/other/integration/x_reply", "/sys/p/integration/x_reply",
            "/sys/pk/integration/+_reply", "/sys/pk/integration/#/_reply", "//sys/pk/integration/x_reply",
            "$SYS/pk/integration/x_reply", "$CONTROL/varve/replies", "/sys/pk//integration/x_reply",
            "/sys/pk/integration/x\u{1}_reply",
            "/sys/pk/integration/" + String(repeating: "x", count: 487) + "_reply",
        ] { #expect(!mayChoose(topic, post), "\(topic)") }
        #expect(mayChoose("/sys/pk/d1/x_reply", "/sys/pk/d1/thing/measurepoint/resume"))
        #expect(!mayChoose("/sys/pk/d2/x_reply", "/sys/pk/d1/thing/measurepoint/resume"))
        let login = "/ext/session/pk/d1/combine/login"
        for topic in [login + "_reply", "/ext/session/pk/d2/combine/login_reply", "/sys/pk/d1/x_reply"] {
            #expect(!mayChoose(topic, login) && !mayChoose(topic, "/sys/pk/integration/x"), "\(topic)")
        }
        for request in ["/sys/pk/x", "/sys//a/b", "x", ""] {
            #expect(!mayChoose("/sys/pk/x_reply", request) && !mayChoose("/sys//a/x_reply", request))
        }
    }
}
