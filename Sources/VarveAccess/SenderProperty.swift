// SenderProperty.swift — the user property with which the plugin reports to the service who published a
// message.

/// The property with the sender's client id.
///
/// The plugin adds it to every message.
package enum SenderProperty {
    package static let name = "varve-client"
}
