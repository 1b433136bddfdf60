// ControlTopic.swift — the topics on which the service and the broker's plugin talk.
//
// The broker hands a message on a `$CONTROL/` topic to the plugin and delivers it to no client.

/// The topics of the service and the plugin.
package enum ControlTopic {
    /// Where the service reports what it has consumed; the payload is a `ConsumptionReport`.
    package static let consumption = "$CONTROL/varve/v1"

    /// Where the service sends its answers in bundles, which the plugin publishes.
    package static let replies = "$CONTROL/varve/replies"

    /// Where the plugin proves itself to the service after each login; the service gets it without a subscription.
    package static let proof = "$CONTROL/varve/proof"
}
