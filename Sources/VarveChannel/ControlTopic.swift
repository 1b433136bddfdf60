// ControlTopic.swift — the topics on which the service and the broker's plugin talk.
//
// The broker hands a message on a `$CONTROL/` topic to the plugin and delivers it to no client.

/// The topics of the service and the plugin.
public enum ControlTopic {
    /// Where the service reports what it has consumed; the payload is a `ConsumptionReport`.
    public static let consumption = "$CONTROL/varve/v1"

    /// Where the service sends its answers in bundles, which the plugin publishes.
    public static let replies = "$CONTROL/varve/replies"

    /// Where the plugin proves itself to the service after each login; the service gets it without a subscription.
    public static let proof = "$CONTROL/varve/proof"
}
