// BrokerPlugin.swift — the entry points mosquitto calls (the only file that imports its plugin interface).
//
// Invariants:
// - Everything happens on the broker's one thread.
// - Nothing of an event is kept after its callback.
// - Works with `per_listener_settings false`, as mosquitto 2.0 calls no timer otherwise.

public import CMosquittoBroker
import Glibc
import VarveAccess

/// Tells the broker which version of the interface is spoken: 5.
@_cdecl("mosquitto_plugin_version")
public func pluginVersion(_ count: Int32, _ versions: UnsafePointer<Int32>?) -> Int32 {
    UnsafeBufferPointer(start: versions, count: Int(count)).contains(5) ? 5 : -1
}

/// Starts the plugin; the broker does not start if it fails.
@_cdecl("mosquitto_plugin_init")
public func pluginInit(
    _ identifier: OpaquePointer?, _ userData: UnsafeMutablePointer<UnsafeMutableRawPointer?>?,
    _ options: UnsafeMutablePointer<mosquitto_opt>?, _ count: Int32
) -> Int32 {
    let given = UnsafeBufferPointer(start: options, count: Int(count)).map { option in
        (key: text(option.key) ?? "", value: text(option.value) ?? "")
    }
    let control: AccessControl
    do {
        control = AccessControl(try PluginOptions(given)) { writeLog(MOSQ_LOG_WARNING, $0) }
    } catch {
        writeLog(MOSQ_LOG_ERR, error.description)
        return MOSQ_ERR_INVAL.rawValue
    }
    let context = Unmanaged.passRetained(control).toOpaque()
    userData?.pointee = context
    let callbacks: [(mosquitto_plugin_event, MOSQ_FUNC_generic_callback, String?)] = [
        (MOSQ_EVT_BASIC_AUTH, { answerLogin($1, $2) }, nil),
        (MOSQ_EVT_ACL_CHECK, { answerAccess($1, $2) }, nil),
        (MOSQ_EVT_DISCONNECT, { takeDisconnect($1, $2) }, nil),
        (MOSQ_EVT_MESSAGE, { nameSender($1, $2) }, nil),
        (MOSQ_EVT_CONTROL, { takeReport($1, $2) }, TopicRights.controlTopic),
        (MOSQ_EVT_CONTROL, { takeReplies($1, $2) }, TopicRights.repliesTopic),
        (MOSQ_EVT_TICK, { _, _, context in tick(context) }, nil),
    ]
    for (event, callback, topic) in callbacks {
        let code = mosquitto_callback_register(identifier, Int32(event.rawValue), callback, topic, context)
        guard code == MOSQ_ERR_SUCCESS.rawValue else { return code }
    }
    return MOSQ_ERR_SUCCESS.rawValue
}

/// Ends the plugin; the broker takes the callbacks out by itself.
@_cdecl("mosquitto_plugin_cleanup")
public func pluginCleanup(
    _ userData: UnsafeMutableRawPointer?, _ options: UnsafeMutablePointer<mosquitto_opt>?, _ count: Int32
) -> Int32 {
    guard let userData else { return MOSQ_ERR_SUCCESS.rawValue }
    let control = Unmanaged<AccessControl>.fromOpaque(userData).takeRetainedValue()
    control.finish()
    return MOSQ_ERR_SUCCESS.rawValue
}

private func answerLogin(
    _ event: UnsafeMutableRawPointer?, _ context: UnsafeMutableRawPointer?
) -> Int32 {
    guard let control = control(context),
        let event = event?.assumingMemoryBound(to: mosquitto_evt_basic_auth.self).pointee,
        let client = event.client
    else { return MOSQ_ERR_AUTH.rawValue }
    let attempt = LoginAttempt(
        clientID: text(mosquitto_client_id(client)) ?? "", username: text(event.username),
        password: event.password.map { Array(bytes(UnsafePointer($0))) })
    switch control.login(client, attempt, address: text(mosquitto_client_address(client)) ?? "") {
    case .accepted: return MOSQ_ERR_SUCCESS.rawValue
    case .refused: return MOSQ_ERR_AUTH.rawValue
    // The broker has no code for CONNACK 3. With any other it closes the connection without an answer, which
    // clients take as a line that is down and try again; CONNACK 5 would tell them their password is wrong.
    case .unavailable: return MOSQ_ERR_UNKNOWN.rawValue
    }
}

private func answerAccess(
    _ event: UnsafeMutableRawPointer?, _ context: UnsafeMutableRawPointer?
) -> Int32 {
    guard let control = control(context),
        let event = event?.assumingMemoryBound(to: mosquitto_evt_acl_check.self),
        let client = event.pointee.client, let name = event.pointee.topic
    else { return MOSQ_ERR_ACL_DENIED.rawValue }
    let topic = bytes(name)
    let username = { text(mosquitto_client_username(client)) }
    let isAllowed =
        switch event.pointee.access {
        case MOSQ_ACL_WRITE:
            control.mayWrite(
                client, username: username, topic: topic, size: Int(event.pointee.payloadlen),
                isQueued: event.pointee.qos > 0)
        case MOSQ_ACL_READ:
            control.mayRead(
                client, clientID: { text(mosquitto_client_id(client)) }, username: username, topic: topic)
        case MOSQ_ACL_SUBSCRIBE: control.maySubscribe(client, username: username, filter: topic)
        case MOSQ_ACL_UNSUBSCRIBE: true
        default: false
        }
    return isAllowed ? MOSQ_ERR_SUCCESS.rawValue : MOSQ_ERR_ACL_DENIED.rawValue
}

private func takeReport(
    _ event: UnsafeMutableRawPointer?, _ context: UnsafeMutableRawPointer?
) -> Int32 {
    guard let control = control(context),
        let event = event?.assumingMemoryBound(to: mosquitto_evt_control.self).pointee,
        let client = event.client
    else { return MOSQ_ERR_ACL_DENIED.rawValue }
    let payload = UnsafeRawBufferPointer(start: event.payload, count: Int(event.payloadlen))
    if !control.report(client, payload) {
        writeLog(MOSQ_LOG_WARNING, "a message on \(TopicRights.controlTopic) is no report of the service")
    }
    return MOSQ_ERR_SUCCESS.rawValue
}

/// Publishes the service's answers; the broker checks for each receiver whether it may read them.
private func takeReplies(
    _ event: UnsafeMutableRawPointer?, _ context: UnsafeMutableRawPointer?
) -> Int32 {
    guard let control = control(context),
        let event = event?.assumingMemoryBound(to: mosquitto_evt_control.self).pointee,
        let client = event.client
    else { return MOSQ_ERR_ACL_DENIED.rawValue }
    let payload = UnsafeRawBufferPointer(start: event.payload, count: Int(event.payloadlen))
    var unpublished = 0
    let isTaken = control.takeReplies(client, payload) { reply in
        if publish(reply) != MOSQ_ERR_SUCCESS.rawValue { unpublished += 1 }
    }
    if !isTaken {
        writeLog(MOSQ_LOG_WARNING, "a message on \(TopicRights.repliesTopic) is no bundle of the service")
    }
    if unpublished > 0 { writeLog(MOSQ_LOG_WARNING, "\(unpublished) answers could not be published") }
    return MOSQ_ERR_SUCCESS.rawValue
}

/// Publishes an answer as if a client had: to who is there, and into the sessions of who is away.
private func publish(_ reply: ForwardedReply) -> Int32 {
    withUnsafeTemporaryAllocation(byteCount: reply.topic.count + 1, alignment: 1) { topic in
        topic.copyMemory(from: reply.topic)
        topic[reply.topic.count] = 0
        return mosquitto_broker_publish_copy(
            nil, topic.baseAddress?.assumingMemoryBound(to: CChar.self),
            Int32(clamping: reply.payload.count), reply.payload.baseAddress, reply.qos, false, nil)
    }
}

/// Adds the sender's client id to its message: MQTT does not tell a subscriber who published.
///
/// A sender may have set a property of the same name; the service takes the last one, which is ours.
private func nameSender(
    _ event: UnsafeMutableRawPointer?, _ context: UnsafeMutableRawPointer?
) -> Int32 {
    guard let event = event?.assumingMemoryBound(to: mosquitto_evt_message.self),
        let client = event.pointee.client, control(context)?.isService(client) == false,
        let id = mosquitto_client_id(client)
    else { return MOSQ_ERR_SUCCESS.rawValue }
    _ = mosquitto_property_add_string_pair(
        &event.pointee.properties, Int32(MQTT_PROP_USER_PROPERTY.rawValue), SenderProperty.name, id)
    return MOSQ_ERR_SUCCESS.rawValue
}

private func takeDisconnect(
    _ event: UnsafeMutableRawPointer?, _ context: UnsafeMutableRawPointer?
) -> Int32 {
    if let client = event?.assumingMemoryBound(to: mosquitto_evt_disconnect.self).pointee.client {
        control(context)?.disconnected(client, keepsSession: !mosquitto_client_clean_session(client))
    }
    return MOSQ_ERR_SUCCESS.rawValue
}

private func tick(_ context: UnsafeMutableRawPointer?) -> Int32 {
    guard let expulsions = control(context)?.tick() else { return MOSQ_ERR_SUCCESS.rawValue }
    for username in expulsions.usernames { _ = mosquitto_kick_client_by_username(username, false) }
    for clientID in expulsions.clientIDs { _ = mosquitto_kick_client_by_clientid(clientID, false) }
    return MOSQ_ERR_SUCCESS.rawValue
}

private func control(_ context: UnsafeMutableRawPointer?) -> AccessControl? {
    context.map { Unmanaged<AccessControl>.fromOpaque($0).takeUnretainedValue() }
}

private func writeLog(_ level: Int32, _ text: String) {
    mosquitto_log_text(level, "Varve: \(text)")
}

private func text(_ pointer: UnsafePointer<CChar>?) -> String? {
    pointer.map { String(cString: $0) }
}

private func bytes(_ pointer: UnsafePointer<CChar>) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: pointer, count: strlen(pointer))
}
