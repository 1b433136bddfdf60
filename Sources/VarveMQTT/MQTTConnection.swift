// MQTTConnection.swift — an MQTT client whose acknowledgements leave only when its owner says so.
//
// libmosquitto runs in its "threaded" mode, with a poll loop of this class: so the library only queues what
// it wants to send, PUBACKs included, and `flush` is the one place that writes. Between `readAvailable` and
// `flush` a batch can be made durable, so no message is acknowledged to the broker before it is safe.
// (Measured: with the library's own loops the PUBACK leaves before or right after the callback, and a kill in
// between loses the message.) The acknowledgement from the broker to the sender of a message is another
// PUBACK, which leaves at once.
//
// Invariants:
// - Only `flush` writes to the socket, and only `readAvailable` reads. `housekeeping` and `publish` only
//   queue.
// - After `drop`, nothing that was queued is ever sent, and the broker sends unacknowledged messages again.
//   The owner drops the connection after every `MQTTError.lost`, but never inside a call of the receiver.
// - With TLS nothing is sent before the broker's certificate is accepted, not even the login.
// - One thread uses a connection.

import CMosquitto
import Glibc

/// A connection to a broker.
public final class MQTTConnection {
    /// The address and the login for the next `connect`.
    public var options: MQTTOptions
    private unowned let receiver: any MQTTReceiver
    private var client: OpaquePointer?
    /// The first failure of TLS since `connect`.
    private var encryptionFailure: EncryptionFailure?

    private static let isLibraryReady: Bool = mosquitto_lib_init() == MOSQ_ERR_SUCCESS.rawValue

    /// Prepares a connection, which `connect` opens.
    ///
    /// - Parameters:
    ///   - options: The address and the login.
    ///   - receiver: Receives what arrives. It must outlive the connection.
    public init(_ options: MQTTOptions, receiver: any MQTTReceiver) {
        self.options = options
        self.receiver = receiver
    }

    deinit { drop() }

    /// Whether there is a socket.
    public var isOpen: Bool { client.map { mosquitto_socket($0) >= 0 } ?? false }

    /// The descriptor of the socket; −1 while the connection is closed.
    ///
    /// With it the owner asks the kernel who the peer is.
    public var descriptor: Int32 { client.map { mosquitto_socket($0) } ?? -1 }

    /// Whether something queued waits for `flush`.
    public var wantsFlush: Bool { client.map { mosquitto_want_write($0) } ?? false }

    /// Opens a connection over TCP or a unix socket and queues the login.
    ///
    /// The answer arrives through `readAvailable`.
    ///
    /// Cost: waits for the TCP connection.
    ///
    /// - Throws: `MQTTError.unreachable` if no connection can be opened, `encryption` if TLS is the reason, `invalid` if the
    ///   library cannot start.
    public func connect() throws(MQTTError) {
        drop()
        guard Self.isLibraryReady,
            let client = mosquitto_new(
                options.clientID, !options.keepsSession, Unmanaged.passUnretained(self).toOpaque())
        else { throw .invalid("the MQTT library could not be started") }
        self.client = client
        if options.usesVersion5 {
            mosquitto_int_option(client, MOSQ_OPT_PROTOCOL_VERSION, MQTT_PROTOCOL_V5)
        }
        // Otherwise each small packet waits for the acknowledgement of the last one: 50 ms a message.
        if options.port > 0 { mosquitto_int_option(client, MOSQ_OPT_TCP_NODELAY, 1) }
        mosquitto_threaded_set(client, true)
        mosquitto_max_inflight_messages_set(client, 0)
        if let username = options.username {
            mosquitto_username_pw_set(client, username, options.password)
        }
        Self.setCallbacks(client)
        if let encryption = options.encryption { try encrypt(client, encryption) }
        var properties: OpaquePointer?
        defer { mosquitto_property_free_all(&properties) }
        if options.usesVersion5, options.keepsSession {
            mosquitto_property_add_int32(&properties, Int32(MQTT_PROP_SESSION_EXPIRY_INTERVAL.rawValue), .max)
        }
        let code = mosquitto_connect_bind_v5(
            client, options.host, Int32(options.port), options.keepAliveSeconds, nil, properties)
        guard code == MOSQ_ERR_SUCCESS.rawValue else {
            let reason =
                code == MOSQ_ERR_ERRNO.rawValue ? String(cString: strerror(errno)) : Self.text(code)
            drop()
            if let failure = encryptionFailure { throw encryptionError(failure) }
            throw .unreachable(host: options.host, port: options.port, reason: reason)
        }
        // Otherwise a program started by this process would keep the connection open after `drop`.
        _ = fcntl(mosquitto_socket(client), F_SETFD, FD_CLOEXEC)
    }

    /// Prepares a connection with TLS.
    ///
    /// - Throws: `MQTTError.encryption` for a file that cannot be read.
    private func encrypt(_ client: OpaquePointer, _ encryption: MQTTEncryption) throws(MQTTError) {
        encryptionFailure = nil
        func given(_ path: String) -> String? { path.isEmpty ? nil : path }
        if let reason = encryption.unreadableFile {
            drop()
            throw encryptionError(.unusableFile(reason))
        }
        let code = mosquitto_tls_set(
            client, given(encryption.authority),
            encryption.authority.isEmpty ? MQTTEncryption.systemAuthorities : nil,
            given(encryption.certificate), given(encryption.key),
            // Otherwise a key with a password would ask for it on the terminal.
            { _, _, _, _ in 0 })
        guard code == MOSQ_ERR_SUCCESS.rawValue else {
            drop()
            throw encryptionError(
                .unusableFile("a certificate of the client and its key belong together: name both"))
        }
        mosquitto_tls_opts_set(client, 1, "tlsv1.2", nil)
        mosquitto_log_callback_set(client) { client, context, level, line in
            guard level == Int32(MOSQ_LOG_ERR), let line else { return }
            let connection = MQTTConnection.from(context)
            let result = client.flatMap { mosquitto_ssl_get($0) }.map {
                SSL_get_verify_result(OpaquePointer($0))
            }
            let failure = EncryptionFailure(line: String(cString: line), verification: result ?? 0)
            connection.encryptionFailure = connection.encryptionFailure?.followed(by: failure) ?? failure
        }
    }

    private func encryptionError(_ failure: EncryptionFailure) -> MQTTError {
        .encryption(host: options.host, port: options.port, failure)
    }

    /// Whether the two sides have yet to agree on the keys of TLS.
    var isShakingHands: Bool {
        guard options.encryption != nil, let client, let session = mosquitto_ssl_get(client) else {
            return false
        }
        return SSL_is_init_finished(OpaquePointer(session)) == 0
    }

    /// Closes the socket at once, without sending what is queued and without a DISCONNECT.
    public func drop() {
        guard let client else { return }
        self.client = nil
        mosquitto_destroy(client)
    }

    /// Sends what is queued and a DISCONNECT, as far as the socket takes them at once, and closes.
    public func disconnect() {
        if let client {
            mosquitto_disconnect(client)
            try? flush()
        }
        drop()
    }

    /// Queues a subscription and returns its id.
    ///
    /// - Parameters:
    ///   - topics: The topic filters.
    ///   - qos: The highest quality of service wanted.
    ///   - leavesOutOwn: Whether the broker leaves out messages that this client publishes (MQTT 5 only).
    ///   - leavesOutKnownRetained: Whether the broker sends retained messages only if the session did not
    ///     have the
    ///     subscription yet, instead of each time (MQTT 5 only).
    /// - Throws: `MQTTError.lost` if the connection is closed, `invalid` for a filter that the protocol does
    ///   not allow.
    public func subscribe(
        _ topics: [String], qos: Int32, leavesOutOwn: Bool = false, leavesOutKnownRetained: Bool = false
    ) throws(MQTTError) -> Int32 {
        guard let client else { throw .lost("it is not open") }
        var id: Int32 = 0
        var flags: Int32 = 0
        if leavesOutOwn { flags |= Int32(MQTT_SUB_OPT_NO_LOCAL.rawValue) }
        if leavesOutKnownRetained { flags |= Int32(MQTT_SUB_OPT_SEND_RETAIN_NEW.rawValue) }
        let pointers = topics.map { strdup($0) }
        defer { for pointer in pointers { free(pointer) } }
        var arguments = pointers
        try check(
            mosquitto_subscribe_multiple(
                client, &id, Int32(topics.count), &arguments, qos, flags, nil))
        return id
    }

    /// Queues a message and returns its id.
    ///
    /// - Throws: `MQTTError.lost` if the connection is closed, `invalid` for a topic or payload that the
    ///   protocol does not allow.
    public func publish(
        topic: String, payload: UnsafeRawBufferPointer, qos: Int32, retain: Bool = false
    ) throws(MQTTError) -> Int32 {
        guard let client else { throw .lost("it is not open") }
        var id: Int32 = 0
        try check(
            mosquitto_publish(
                client, &id, topic, Int32(clamping: payload.count), payload.baseAddress, qos, retain))
        return id
    }

    /// Waits until the socket or `wakeup` has something to read, at most for the given time.
    ///
    /// - Parameters:
    ///   - milliseconds: The longest wait.
    ///   - wakeup: Another descriptor to wait for, such as an eventfd; negative for none.
    /// - Returns: Whether the socket is readable or broken.
    public func wait(milliseconds: Int32, wakeup: Int32 = -1) -> Bool {
        Self.wait(for: [(self, true)], milliseconds: milliseconds, wakeup: wakeup)[0]
    }

    /// Waits until a socket has something to read or can send what is queued, or `wakeup` has something to
    /// read, at most for the given time.
    ///
    /// - Parameters:
    ///   - connections: The connections, each with whether its input ends the wait.
    ///   - milliseconds: The longest wait.
    ///   - wakeup: Another descriptor to wait for, such as an eventfd; negative for none.
    /// - Returns: For each connection whether it is broken or, if its input ends the wait, readable.
    public static func wait(
        for connections: [(connection: MQTTConnection, wantsInput: Bool)], milliseconds: Int32,
        wakeup: Int32 = -1
    ) -> [Bool] {
        var entries = connections.map { connection, wantsInput in
            // The socket takes bytes while hands are shaken, but nothing is to be sent then.
            let mayFlush = connection.wantsFlush && !connection.isShakingHands
            let events = (wantsInput ? Int16(POLLIN) : 0) | (mayFlush ? Int16(POLLOUT) : 0)
            return pollfd(
                fd: connection.client.map { mosquitto_socket($0) } ?? -1, events: events, revents: 0)
        }
        entries.append(pollfd(fd: wakeup, events: Int16(POLLIN), revents: 0))
        _ = poll(&entries, nfds_t(entries.count), milliseconds)
        return entries.dropLast().map { $0.revents & Int16(POLLIN | POLLHUP | POLLERR) != 0 }
    }

    /// Reads what has arrived and hands it to the receiver.
    ///
    /// Sends nothing.
    ///
    /// In one turn libmosquitto reads as many packets as this client has unacknowledged messages with a
    /// quality of service above 0, but at least one packet.
    ///
    /// - Parameter isFull: Called after each turn; true ends the reading.
    /// - Throws: `MQTTError.lost`. The caller must then drop what it received since the last `flush`.
    public func readAvailable(until isFull: () -> Bool) throws(MQTTError) {
        guard let client else { throw .lost("it is not open") }
        repeat {
            try check(mosquitto_loop_read(client, 1))
            if isShakingHands { return }
            if isFull() { return }
        } while isReadable
    }

    /// Sends what is queued, as far as the socket takes it at once.
    ///
    /// Without effect while the two sides agree on the keys of TLS.
    ///
    /// - Throws: `MQTTError.lost` if the connection is closed or broken.
    public func flush() throws(MQTTError) {
        guard let client else { throw .lost("it is not open") }
        guard mosquitto_want_write(client), !isShakingHands else { return }
        try check(mosquitto_loop_write(client, 1))
    }

    /// Queues pings and detects a silent broker.
    ///
    /// Call it about once a second.
    ///
    /// - Throws: `MQTTError.lost` if the connection is closed or broken, or the broker is silent.
    public func housekeeping() throws(MQTTError) {
        guard let client else { throw .lost("it is not open") }
        try check(mosquitto_loop_misc(client))
    }

    private var isReadable: Bool {
        guard let client else { return false }
        var entry = pollfd(fd: mosquitto_socket(client), events: Int16(POLLIN), revents: 0)
        return poll(&entry, 1, 0) > 0 && entry.revents != 0
    }

    private func check(_ code: Int32) throws(MQTTError) {
        if code != MOSQ_ERR_SUCCESS.rawValue, let failure = encryptionFailure {
            throw encryptionError(failure)
        }
        switch code {
        case MOSQ_ERR_SUCCESS.rawValue: return
        case MOSQ_ERR_INVAL.rawValue, MOSQ_ERR_MALFORMED_UTF8.rawValue, MOSQ_ERR_PAYLOAD_SIZE.rawValue,
            MOSQ_ERR_OVERSIZE_PACKET.rawValue, MOSQ_ERR_QOS_NOT_SUPPORTED.rawValue:
            throw .invalid("the message was not taken: \(Self.text(code))")
        default:
            throw .lost(
                code == MOSQ_ERR_ERRNO.rawValue ? String(cString: strerror(errno)) : Self.text(code))
        }
    }

    private static func text(_ code: Int32) -> String { String(cString: mosquitto_strerror(code)) }

    private static func setCallbacks(_ client: OpaquePointer) {
        mosquitto_connect_v5_callback_set(client) { _, context, code, flags, _ in
            let connection = MQTTConnection.from(context)
            // From here on the library would only spend time on lines that nobody reads.
            mosquitto_log_callback_set(connection.client, nil)
            let words =
                connection.options.usesVersion5
                ? mosquitto_reason_string(code) : mosquitto_connack_string(code)
            var reason = words.map { String(cString: $0) } ?? "code \(code)"
            if reason.hasSuffix(".") { reason.removeLast() }
            let refusal = code == 0 ? nil : MQTTError.refused(code: code, reason: reason)
            connection.receiver.connected(refusal: refusal, hasSession: flags & 1 != 0)
        }
        mosquitto_subscribe_v5_callback_set(client) { _, context, id, count, codes, _ in
            let codes = UnsafeBufferPointer(start: codes, count: Int(count))
            MQTTConnection.from(context).receiver.subscribed(id: id, codes: Array(codes))
        }
        mosquitto_message_v5_callback_set(client) { _, context, message, properties in
            guard let message = message?.pointee, let topic = message.topic else { return }
            MQTTConnection.from(context).receiver.received(
                MQTTMessageView(
                    topic: UnsafeRawBufferPointer(start: topic, count: strlen(topic)),
                    payload: UnsafeRawBufferPointer(
                        start: message.payload, count: Int(message.payloadlen)),
                    qos: message.qos, isRetained: message.retain, properties: properties))
        }
        mosquitto_publish_v5_callback_set(client) { _, context, id, _, _ in
            MQTTConnection.from(context).receiver.published(id: id)
        }
    }

    private static func from(_ context: UnsafeMutableRawPointer?) -> MQTTConnection {
        // The context is set at creation and lives as long as the client.
        Unmanaged<MQTTConnection>.fromOpaque(context.unsafelyUnwrapped).takeUnretainedValue()
    }
}

extension MQTTMessageView {
    /// What a message of MQTT 5 says besides its topic and payload.
    public struct Properties {
        /// The value of the last user property of the first, second and third name; nil without one.
        public var first: String?, second: String?, third: String?
        /// The topic on which the sender wants its answer; nil if it has not said one.
        public var responseTopic: String?
        /// The bytes by which the sender recognises its answer; empty without any.
        public var correlation: [UInt8] = []
    }

    /// The value of the last user property of a name (MQTT 5); nil without such a property.
    public func userProperty(_ name: String) -> String? { properties(user: name).first }

    /// Reads the properties (MQTT 5); those that the message does not have are nil or empty.
    ///
    /// - Parameters:
    ///   - first: The name of a user property.
    ///   - second: The name of another one; nil for none.
    ///   - third: The name of another one; nil for none.
    public func properties(
        user first: String, _ second: String? = nil, _ third: String? = nil
    ) -> Properties {
        var found = Properties()
        var place = properties
        while let property = place {
            switch UInt32(bitPattern: mosquitto_property_identifier(property)) {
            case MQTT_PROP_USER_PROPERTY.rawValue:
                var key: UnsafeMutablePointer<CChar>?
                var value: UnsafeMutablePointer<CChar>?
                mosquitto_property_read_string_pair(
                    property, Int32(MQTT_PROP_USER_PROPERTY.rawValue), &key, &value, false)
                if let key, let value {
                    if strcmp(key, first) == 0 { found.first = String(cString: value) }
                    if let second, strcmp(key, second) == 0 { found.second = String(cString: value) }
                    if let third, strcmp(key, third) == 0 { found.third = String(cString: value) }
                }
                free(key)
                free(value)
            case MQTT_PROP_RESPONSE_TOPIC.rawValue:
                var value: UnsafeMutablePointer<CChar>?
                mosquitto_property_read_string(
                    property, Int32(MQTT_PROP_RESPONSE_TOPIC.rawValue), &value, false)
                found.responseTopic = value.map { String(cString: $0) }
                free(value)
            case MQTT_PROP_CORRELATION_DATA.rawValue:
                var value: UnsafeMutableRawPointer?
                var count: UInt16 = 0
                mosquitto_property_read_binary(
                    property, Int32(MQTT_PROP_CORRELATION_DATA.rawValue), &value, &count, false)
                found.correlation = Array(UnsafeRawBufferPointer(start: value, count: Int(count)))
                free(value)
            default: break
            }
            place = mosquitto_property_next(property)
        }
        return found
    }
}
