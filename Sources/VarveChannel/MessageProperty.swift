// MessageProperty.swift — the user properties that the broker's plugin adds to a message for the service.
//
// A sender may set properties of the same names. The plugin adds its own behind them, and the service takes the last.

/// The names of the properties.
package enum MessageProperty {
    /// The client id of the sender, which MQTT itself does not tell a subscriber.
    package static let sender = "varve-client"

    /// What the message costs in the broker, in decimal digits.
    ///
    /// The plugin adds it only where the cost is not `ConsumptionReport.cost`.
    package static let cost = "varve-cost"
}
