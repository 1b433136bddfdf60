// BrokerPlugin.swift — the entry points mosquitto 2.0 calls, and the callbacks they register.
//
// mosquitto has one thread, and every call comes from it. The plugin's state lives from init to cleanup.
//
// Invariants:
// - Nothing thrown or trapped here: the broker, and all its clients, live in the same process.
// - The only file that knows the plugin interface of mosquitto.

public import CMosquittoBroker
import VarveAccess
import VarveFile

/// Chooses the version of the interface.
@_cdecl("mosquitto_plugin_version")
public func pluginVersion(_ count: Int32, _ versions: UnsafePointer<Int32>?) -> Int32 {
    for index in 0..<Int(count) where versions?[index] == 5 { return 5 }
    return -1
}

/// Takes the options and registers the callbacks.
@_cdecl("mosquitto_plugin_init")
public func pluginInit(
    _ identifier: OpaquePointer?, _ userData: UnsafeMutablePointer<UnsafeMutableRawPointer?>?,
    _ options: UnsafeMutablePointer<mosquitto_opt>?, _ count: Int32
) -> Int32 {
    var settings: [String: String] = [:]
    for index in 0..<Int(count) {
        guard let option = options?[index], let key = option.key, let value = option.value else { continue }
        settings[String(cString: key)] = String(cString: value)
    }
    guard let credentials = settings["credentials"], let events = settings["events"] else {
        brokerLog(error: "plugin_opt_credentials and plugin_opt_events must be set")
        return Int32(MOSQ_ERR_INVAL.rawValue)
    }
    let doorkeeper = Doorkeeper(
        credentials: credentials, events: events, queueLimit: settings["queue_limit"].flatMap { Int($0) },
        broker: MosquittoBroker())
    let context = Unmanaged.passRetained(doorkeeper).toOpaque()
    userData?.pointee = context
    doorkeeper.reload()
    let callbacks: [(UInt32, MOSQ_FUNC_generic_callback, String?)] = [
        (MOSQ_EVT_BASIC_AUTH.rawValue, checkLogin, nil), (MOSQ_EVT_ACL_CHECK.rawValue, checkTopic, nil),
        (MOSQ_EVT_DISCONNECT.rawValue, noteDisconnect, nil), (MOSQ_EVT_TICK.rawValue, tick, nil),
        (MOSQ_EVT_MESSAGE.rawValue, nameSender, nil),
        (MOSQ_EVT_CONTROL.rawValue, takeReport, TopicRights.controlTopic),
    ]
    for (event, callback, data) in callbacks {
        let code =
            data.map { mosquitto_callback_register(identifier, Int32(event), callback, $0, context) }
            ?? mosquitto_callback_register(identifier, Int32(event), callback, nil, context)
        guard code == MOSQ_ERR_SUCCESS.rawValue else { return code }
    }
    return Int32(MOSQ_ERR_SUCCESS.rawValue)
}

/// Lets the state go; mosquitto drops the callbacks itself.
@_cdecl("mosquitto_plugin_cleanup")
public func pluginCleanup(
    _ userData: UnsafeMutableRawPointer?, _: UnsafeMutablePointer<mosquitto_opt>?, _: Int32
) -> Int32 {
    if let userData { Unmanaged<Doorkeeper>.fromOpaque(userData).release() }
    return Int32(MOSQ_ERR_SUCCESS.rawValue)
}

private func keeper(_ context: UnsafeMutableRawPointer?) -> Doorkeeper? {
    context.map { Unmanaged<Doorkeeper>.fromOpaque($0).takeUnretainedValue() }
}

private func text(_ pointer: UnsafePointer<CChar>?) -> String { pointer.map { String(cString: $0) } ?? "" }

private let checkLogin: MOSQ_FUNC_generic_callback = { _, data, context in
    guard let event = data?.assumingMemoryBound(to: mosquitto_evt_basic_auth.self).pointee,
        let client = event.client
    else { return Int32(MOSQ_ERR_AUTH.rawValue) }
    let attempt = LoginAttempt(
        client: UInt(bitPattern: client), clientID: text(mosquitto_client_id(client)),
        address: text(mosquitto_client_address(client)), username: event.username.map { String(cString: $0) },
        password: event.password.map { String(cString: $0) })
    switch keeper(context)?.login(attempt) ?? .refuse {
    case .accept: return Int32(MOSQ_ERR_SUCCESS.rawValue)
    case .refuse: return Int32(MOSQ_ERR_AUTH.rawValue)
    }
}

private let checkTopic: MOSQ_FUNC_generic_callback = { _, data, context in
    guard let event = data?.assumingMemoryBound(to: mosquitto_evt_acl_check.self).pointee,
        let client = event.client, let topic = event.topic, let doorkeeper = keeper(context)
    else { return Int32(MOSQ_ERR_ACL_DENIED.rawValue) }
    let bytes = UnsafeRawBufferPointer(start: topic, count: strlen(topic))
    let access: Doorkeeper.Access
    switch event.access {
    case Int32(MOSQ_ACL_WRITE): access = .publish(bytes: Int(event.payloadlen))
    case Int32(MOSQ_ACL_READ): access = .read
    case Int32(MOSQ_ACL_SUBSCRIBE): access = .subscribe
    case Int32(MOSQ_ACL_UNSUBSCRIBE): return Int32(MOSQ_ERR_SUCCESS.rawValue)
    default: return Int32(MOSQ_ERR_ACL_DENIED.rawValue)
    }
    let isAllowed = doorkeeper.allows(UInt(bitPattern: client), access, bytes) {
        (
            text(mosquitto_client_id(client)), text(mosquitto_client_username(client)),
            text(mosquitto_client_address(client))
        )
    }
    return Int32(isAllowed ? MOSQ_ERR_SUCCESS.rawValue : MOSQ_ERR_ACL_DENIED.rawValue)
}

/// Adds the sender's client id to its message: MQTT does not tell a subscriber who published.
///
/// A sender may have set a property of the same name; the service takes the last one, which is ours.
private let nameSender: MOSQ_FUNC_generic_callback = { _, data, context in
    guard let event = data?.assumingMemoryBound(to: mosquitto_evt_message.self),
        let client = event.pointee.client,
        keeper(context)?.isSender(UInt(bitPattern: client)) == true, let id = mosquitto_client_id(client)
    else { return Int32(MOSQ_ERR_SUCCESS.rawValue) }
    _ = mosquitto_property_add_string_pair(
        &event.pointee.properties, Int32(MQTT_PROP_USER_PROPERTY.rawValue), SenderProperty.name, id)
    return Int32(MOSQ_ERR_SUCCESS.rawValue)
}

private let noteDisconnect: MOSQ_FUNC_generic_callback = { _, data, context in
    if let client = data?.assumingMemoryBound(to: mosquitto_evt_disconnect.self).pointee.client {
        keeper(context)?.disconnected(UInt(bitPattern: client))
    }
    return Int32(MOSQ_ERR_SUCCESS.rawValue)
}

private let tick: MOSQ_FUNC_generic_callback = { _, _, context in
    keeper(context)?.tick()
    return Int32(MOSQ_ERR_SUCCESS.rawValue)
}

private let takeReport: MOSQ_FUNC_generic_callback = { _, data, context in
    guard let event = data?.assumingMemoryBound(to: mosquitto_evt_control.self).pointee,
        let client = event.client
    else { return Int32(MOSQ_ERR_SUCCESS.rawValue) }
    let payload = UnsafeRawBufferPointer(start: event.payload, count: Int(event.payloadlen))
    keeper(context)?.report(UInt(bitPattern: client), payload)
    return Int32(MOSQ_ERR_SUCCESS.rawValue)
}

/// What the doorkeeper asks of the broker.
struct MosquittoBroker: Broker {
    func kick(username: String) {
        _ = mosquitto_kick_client_by_username(username, false)
    }

    func log(error: String) { brokerLog(error: error) }
}

/// Writes a line into the broker's log.
private func brokerLog(error: String) {
    varve_broker_log(Int32(MOSQ_LOG_ERR), "varve plugin: \(error)")
}
