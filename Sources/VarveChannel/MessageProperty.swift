// MessageProperty.swift — the user properties that the broker's plugin adds to a message for the service.
//
// A sender may set properties of the same names. The plugin adds its own after them, and the service takes the last.

/// The names of the properties.
public enum MessageProperty {
    /// The client id of the sender, which MQTT itself does not pass on to a subscriber.
    public static let sender = "varve-client"

    /// What the message costs in the broker, in decimal digits.
    ///
    /// The plugin adds it only if the cost differs from `ConsumptionReport.cost`.
    public static let cost = "varve-cost"

    /// When the message arrived at the broker, in nanoseconds since 1970, in decimal digits.
    ///
    /// The broker keeps it with the message, so that it is the same at each delivery.
    public static let arrival = "varve-arrival"
}
