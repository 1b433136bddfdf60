// Activations.swift — tells devices their secrets: the dynamic activation of EnOS (secure mode 3).
//
// The plugin lets a client in that signs with the secret of its product, and writes an event. The service then marks the
// device in the registry and sends the secret to that client.
//
// Invariants:
// - The registry decides: of two logins for one device, at any moment, one is told the secret.
// - A device is marked before its secret leaves, so a crash in between tells nobody and `varve device reset` helps.
// - No secret is in the log.

import VarveAccess
import VarveChannel
import VarveIntegration
import VarveMessageLog
import VarveModel
import VarvePlatform
import VarveRegistry
import VarveText

/// Activates devices.
struct Activations: Sendable {
    /// How long a client waits for its secret: EnOS clients give up after a minute.
    private static let patience: Int64 = 60_000_000_000
    private let registry: Registry
    private let send: @Sendable (ClientNotice) -> Void

    /// - Parameter send: Sends to one client.
    init(_ registry: Registry, send: @escaping @Sendable (ClientNotice) -> Void) {
        self.registry = registry
        self.send = send
    }

    /// Activates the device of an event of that kind, and sends its secret.
    ///
    /// - Returns: What the log says about it.
    func answer(_ event: ConnectionEvent) -> LogEntry {
        let now = SystemClock.nanoseconds()
        var entry = LogEntry(.connection, .refused, time: Timestamp(nanoseconds: now))
        (entry.channel, entry.product, entry.client) = (event.channel, event.product, event.clientID)
        (entry.address, entry.device, entry.category) = (event.address, event.detail, .login)
        guard let product = event.product, event.count == 1 else {
            entry.reason = "the activation is not complete: log in again"
            return entry
        }
        guard now - event.time < Self.patience else {
            entry.reason = "the activation of \(event.detail) came while the service was away: log in again"
            return entry
        }
        do {
            let device = try registry.activateDevice(product: product, key: event.detail)
            send(
                ClientNotice(
                    topic: ChannelTopic.activation(product: device.product, key: device.key),
                    client: event.clientID, payload: Self.message(device, id: now / 1_000_000)))
            (entry.event, entry.category) = (.connected, nil)
            entry.reason = "device \(device.key) is activated: its secret is sent to this client"
        } catch {
            entry.reason = "the device \(event.detail) is not activated: \(error)"
        }
        return entry
    }

    /// The message that EnOS sends to a device that was activated.
    private static func message(_ device: Device, id: Int64) -> [UInt8] {
        let params = JSONText.object([
            ("assetId", .optional(device.assetID)), ("productKey", .string(device.product)),
            ("deviceKey", .string(device.key)), ("deviceSecret", .string(device.secret)),
        ])
        let text = JSONText.object([
            ("id", .string("\(id)")), ("version", .string("1.0")), ("method", .string("thing.activate.info")),
            ("params", params),
        ]).line()
        return Array(text.utf8)
    }
}
