// BrokerPlugin.swift — the entry points that mosquitto calls. No other file imports its plugin interface.
//
// Invariants:
// - Everything runs on the broker's one thread.
// - No pointer from an event is kept after its callback.
// - The broker must run with `per_listener_settings false`: otherwise mosquitto 2.0 calls no timer.

public import CMosquittoBroker
import Glibc
import VarveAccess
import VarveChannel
import VarveModel

/// Answers which version of the plugin interface this plugin speaks: 5, or −1 if the broker does not offer
/// it.
@_cdecl("mosquitto_plugin_version")
public func pluginVersion(_ count: Int32, _ versions: UnsafePointer<Int32>?) -> Int32 {
    UnsafeBufferPointer(start: versions, count: Int(count)).contains(5) ? 5 : -1
}

/// Starts the plugin, or makes the broker refuse to start.
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
        control = AccessControl(try PluginOptions(given), heap: heap) { writeLog(MOSQ_LOG_WARNING, $0) }
    } catch {
        writeLog(MOSQ_LOG_ERR, error.description)
        return MOSQ_ERR_INVAL.rawValue
    }
    let context = Unmanaged.passRetained(control).toOpaque()
    userData?.pointee = context
    let callbacks: [(mosquitto_plugin_event, MOSQ_FUNC_generic_callback, String?)] = [
        (MOSQ_EVT_BASIC_AUTH, { answerLogin($1, $2) }, nil),
        (MOSQ_EVT_ACL_CHECK, { answerAccess($1, $2) }, nil),
        (MOSQ_EVT_DISCONNECT, { handleDisconnect($1, $2) }, nil),
        (MOSQ_EVT_MESSAGE, { handleMessage($1, $2) }, nil),
        (MOSQ_EVT_CONTROL, { handleReport($1, $2) }, ControlTopic.consumption),
        (MOSQ_EVT_CONTROL, { handleReplies($1, $2) }, ControlTopic.replies),
        (MOSQ_EVT_TICK, { _, _, context in tick(context) }, nil),
    ]
    for (event, callback, topic) in callbacks {
        let code = mosquitto_callback_register(identifier, Int32(event.rawValue), callback, topic, context)
        guard code == MOSQ_ERR_SUCCESS.rawValue else { return code }
    }
    return MOSQ_ERR_SUCCESS.rawValue
}

/// Ends the plugin.
///
/// The broker removes the callbacks by itself.
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
    control.delivery.moment = .other
    let attempt = LoginAttempt(
        clientID: text(mosquitto_client_id(client)) ?? "", username: text(event.username),
        password: event.password.map { Array(bytes(UnsafePointer($0))) })
    let address = text(mosquitto_client_address(client)) ?? ""
    let isVersion5 = mosquitto_client_protocol_version(client) == 5
    // An MQTT 5 client with a clean start may ask the broker to keep its session, which the plugin interface
    // does not show.
    let keeping: SessionTable.Keeping =
        !mosquitto_client_clean_session(client) ? .surely : isVersion5 ? .perhaps : .nothing
    let socket = ClientSocket(client: UnsafeRawPointer(client), address: address)
    switch control.login(client, attempt, address: address, keeping: keeping, socket: socket) {
    case .accepted: return MOSQ_ERR_SUCCESS.rawValue
    case .acceptedService(let proof):
        // The proof leaves after the answer to the login, and goes to this client only.
        return proof.withUnsafeBytes {
            publish(mosquitto_client_id(client), ControlTopic.proof, $0, quality: 0)
        }
    case .refused: return MOSQ_ERR_AUTH.rawValue
    // The broker has no code for CONNACK 3. With any other code it closes the connection without an answer.
    // To clients that looks like a broken line, so they try again. CONNACK 5 would say that their password is
    // wrong.
    case .unavailable: return MOSQ_ERR_UNKNOWN.rawValue
    }
}

private func answerAccess(
    _ event: UnsafeMutableRawPointer?, _ context: UnsafeMutableRawPointer?
) -> Int32 {
    guard let control = control(context),
        let event = event?.assumingMemoryBound(to: mosquitto_evt_acl_check.self),
        let client = event.pointee.client, let topicName = event.pointee.topic
    else { return MOSQ_ERR_ACL_DENIED.rawValue }
    let topic = bytes(topicName)
    let name = {
        (clientID: text(mosquitto_client_id(client)), username: text(mosquitto_client_username(client)))
    }
    let size = Int(event.pointee.payloadlen), quality = Int(event.pointee.qos)
    if event.pointee.access != MOSQ_ACL_READ { control.delivery.moment = .other }
    let isAllowed: Bool
    switch event.pointee.access {
    case MOSQ_ACL_WRITE:
        isAllowed = control.mayWrite(client, name, topic: topic, size: size, quality: quality)
    // The removal of a retained message is not a message for anybody.
    case MOSQ_ACL_READ where size == 0 && event.pointee.retain: isAllowed = false
    case MOSQ_ACL_READ:
        let payload = UnsafeRawBufferPointer(start: event.pointee.payload, count: size)
        isAllowed = control.mayRead(client, name, topic: topic, payload: payload, quality: quality)
    case MOSQ_ACL_SUBSCRIBE:
        isAllowed = control.maySubscribe(
            client, username: { name().username }, filter: topic, quality: quality)
    case MOSQ_ACL_UNSUBSCRIBE:
        control.removeSubscription(topic, of: client)
        isAllowed = true
    default: isAllowed = false
    }
    return isAllowed ? MOSQ_ERR_SUCCESS.rawValue : MOSQ_ERR_ACL_DENIED.rawValue
}

/// The sender and payload of a message on a control topic.
private func controlMessage(
    _ event: UnsafeMutableRawPointer?
) -> (client: OpaquePointer, payload: UnsafeRawBufferPointer)? {
    guard let event = event?.assumingMemoryBound(to: mosquitto_evt_control.self).pointee,
        let client = event.client
    else { return nil }
    return (client, UnsafeRawBufferPointer(start: event.payload, count: Int(event.payloadlen)))
}

private func handleReport(
    _ event: UnsafeMutableRawPointer?, _ context: UnsafeMutableRawPointer?
) -> Int32 {
    guard let control = control(context), let (client, payload) = controlMessage(event) else {
        return MOSQ_ERR_ACL_DENIED.rawValue
    }
    if !control.applyReport(client, payload) {
        writeLog(MOSQ_LOG_WARNING, "a message on \(ControlTopic.consumption) is not a report of the service")
    }
    return MOSQ_ERR_SUCCESS.rawValue
}

/// Keeps the service's answers until the tick of this turn of the broker's loop.
private func handleReplies(
    _ event: UnsafeMutableRawPointer?, _ context: UnsafeMutableRawPointer?
) -> Int32 {
    guard let control = control(context), let (client, payload) = controlMessage(event) else {
        return MOSQ_ERR_ACL_DENIED.rawValue
    }
    if !control.keepReplies(client, payload) { logDamagedBundle() }
    return MOSQ_ERR_SUCCESS.rawValue
}

/// Publishes the service's answers.
private func publishReplies(_ control: AccessControl) {
    var unpublished = 0
    let damaged = control.deliverReplies { reply, route in
        if publish(reply, route) != MOSQ_ERR_SUCCESS.rawValue { unpublished += 1 }
    }
    if damaged > 0 { logDamagedBundle() }
    if unpublished > 0 { writeLog(MOSQ_LOG_WARNING, "\(unpublished) answers could not be published") }
}

private func logDamagedBundle() {
    writeLog(MOSQ_LOG_WARNING, "a message on \(ControlTopic.replies) is not a bundle of the service")
}

/// Publishes an answer to its client, or as if a client had: to subscribers that are connected, and into the
/// sessions of those that are away.
private func publish(_ reply: ForwardedReply, _ route: AccessControl.AnswerRoute) -> Int32 {
    withUnsafeTemporaryAllocation(
        of: CChar.self, capacity: reply.topic.count + reply.client.count + 2
    ) { names in
        let middle = reply.topic.count + 1
        let bytes = UnsafeMutableRawBufferPointer(names)
        bytes.copyBytes(from: reply.topic)
        UnsafeMutableRawBufferPointer(rebasing: bytes[middle...]).copyBytes(from: reply.client)
        names[middle - 1] = 0
        names[middle + reply.client.count] = 0
        var properties: OpaquePointer?
        if !reply.correlation.isEmpty {
            _ = mosquitto_property_add_binary(
                &properties, Int32(MQTT_PROP_CORRELATION_DATA.rawValue), reply.correlation.baseAddress,
                UInt16(clamping: reply.correlation.count))
        }
        let code = publish(
            route == .client ? names.baseAddress.map { UnsafePointer($0 + middle) } : nil,
            names.baseAddress, reply.payload, quality: reply.qos, properties)
        if code != MOSQ_ERR_SUCCESS.rawValue { mosquitto_property_free_all(&properties) }
        return code
    }
}

/// Publishes a message to one client, or to all that subscribe to it.
///
/// The payload comes from the broker's own allocator. `mosquitto_broker_publish_copy` of 2.0.11 uses another
/// one, and each such message is then subtracted from the count behind `memory_limit`, until the broker
/// believes its memory is used up.
///
/// - Parameter properties: Belong to the broker if this succeeds.
private func publish(
    _ clientID: UnsafePointer<CChar>?, _ topic: UnsafePointer<CChar>?, _ bytes: UnsafeRawBufferPointer,
    quality: Int32, _ properties: OpaquePointer? = nil
) -> Int32 {
    guard let payload = mosquitto_malloc(bytes.count + 1) else { return MOSQ_ERR_NOMEM.rawValue }
    UnsafeMutableRawBufferPointer(start: payload, count: bytes.count).copyMemory(from: bytes)
    let code = mosquitto_broker_publish(
        clientID, topic, Int32(clamping: bytes.count), payload, quality, false, properties)
    if code != MOSQ_ERR_SUCCESS.rawValue { mosquitto_free(payload) }
    return code
}

/// Nanoseconds since 1970.
private func nanoseconds() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
}

/// Counts a message, and adds its cost, its time of arrival and its sender, which MQTT does not show to a subscriber.
///
/// A sender may have set properties of the same names; the service takes the last ones, which are the
/// plugin's. The flag to retain is taken off: a retained message would stay in memory and on disk, and be
/// sent at every subscription.
private func handleMessage(
    _ event: UnsafeMutableRawPointer?, _ context: UnsafeMutableRawPointer?
) -> Int32 {
    guard let event = event?.assumingMemoryBound(to: mosquitto_evt_message.self),
        let client = event.pointee.client, let control = control(context), !control.isService(client),
        let id = mosquitto_client_id(client), let name = event.pointee.topic
    else { return MOSQ_ERR_SUCCESS.rawValue }
    event.pointee.retain = false
    let topic = bytes(UnsafePointer(name))
    let size = Int(event.pointee.payloadlen)
    let properties = MessageProperties.measure(event.pointee.properties, limit: ClientLimits.properties)
    let cost = control.countMessage(
        client, topic: topic, payload: size, quality: Int(event.pointee.qos), properties: properties)
    guard let cost else { return MOSQ_ERR_ACL_DENIED.rawValue }
    if cost != ConsumptionReport.cost(topicBytes: topic.count, payloadBytes: size) {
        MessageProperties.add(&event.pointee.properties, MessageProperty.cost, String(cost))
    }
    MessageProperties.add(&event.pointee.properties, MessageProperty.arrival, String(nanoseconds()))
    MessageProperties.add(&event.pointee.properties, MessageProperty.sender, id)
    return MOSQ_ERR_SUCCESS.rawValue
}

private func handleDisconnect(
    _ event: UnsafeMutableRawPointer?, _ context: UnsafeMutableRawPointer?
) -> Int32 {
    if let client = event?.assumingMemoryBound(to: mosquitto_evt_disconnect.self).pointee.client,
        let control = control(context)
    {
        control.delivery.moment = .other
        control.disconnected(client, keepsSession: !mosquitto_client_clean_session(client))
    }
    return MOSQ_ERR_SUCCESS.rawValue
}

private func tick(_ context: UnsafeMutableRawPointer?) -> Int32 {
    guard let control = control(context) else { return MOSQ_ERR_SUCCESS.rawValue }
    let expulsions = control.tick()
    // By id, mosquitto 2.0 also finds a session whose client is away, and ending one twice damages its
    // memory.
    for clientID in control.loggedIn(expulsions.clientIDs) {
        _ = mosquitto_kick_client_by_clientid(clientID.text, false)
    }
    // Without a user name this ends all connections that have not logged in: every logged-in client has one.
    if expulsions.closesUnauthenticated { _ = mosquitto_kick_client_by_username(nil, false) }
    for topic in expulsions.retained { _ = mosquitto_broker_publish(nil, topic, 0, nil, 0, true, nil) }
    // Last, so that nobody is disconnected between the decision about an answer and its delivery.
    publishReplies(control)
    return MOSQ_ERR_SUCCESS.rawValue
}

/// The broker's memory, as its C library sees it.
private let heap = BrokerHeap(
    used: {
        let use = mallinfo2()
        return Int(clamping: use.uordblks) + Int(clamping: use.hblkhd)
    }, trim: { malloc_trim(0) })

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

/// The properties that the broker keeps with a message.
private enum MessageProperties {
    /// The number of properties, and their bytes as they were sent.
    ///
    /// Counting stops at one above the limit.
    static func measure(_ first: OpaquePointer?, limit: Int) -> (count: Int, bytes: Int) {
        var count = 0, bytes = 0
        var next = first
        while let property = next, count <= limit {
            count += 1
            bytes += 1 + size(property)
            next = mosquitto_property_next(property)
        }
        return (count, bytes)
    }

    /// Adds a user property at the end.
    static func add(
        _ first: UnsafeMutablePointer<OpaquePointer?>, _ name: String, _ value: UnsafePointer<CChar>
    ) {
        _ = mosquitto_property_add_string_pair(first, Int32(MQTT_PROP_USER_PROPERTY.rawValue), name, value)
    }

    private static func size(_ property: OpaquePointer) -> Int {
        let kind = mosquitto_property_identifier(property)
        var name: UnsafeMutablePointer<CChar>?
        var value: UnsafeMutablePointer<CChar>?
        var data: UnsafeMutableRawPointer?
        var length: UInt16 = 0
        defer {
            free(name)
            free(value)
            free(data)
        }
        switch UInt32(bitPattern: kind) {
        case MQTT_PROP_USER_PROPERTY.rawValue:
            _ = mosquitto_property_read_string_pair(property, kind, &name, &value, false)
            return 4 + (name.map { strlen($0) } ?? 0) + (value.map { strlen($0) } ?? 0)
        case MQTT_PROP_CORRELATION_DATA.rawValue:
            _ = mosquitto_property_read_binary(property, kind, &data, &length, false)
            return 2 + Int(length)
        case MQTT_PROP_CONTENT_TYPE.rawValue, MQTT_PROP_RESPONSE_TOPIC.rawValue:
            _ = mosquitto_property_read_string(property, kind, &value, false)
            return 2 + (value.map { strlen($0) } ?? 0)
        default: return 4
        }
    }
}
