// SenderProperty.swift — the user property in which the plugin hands on who published a message.

/// The property of the sender's client id.
package enum SenderProperty {
    package static let name = "varve-client"
}
