// BrokerPlugin.swift — the entry points mosquitto calls.

/// The version of the plugin interface that is spoken.
let pluginInterfaceVersion: Int32 = 5
