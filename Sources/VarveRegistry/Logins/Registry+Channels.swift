// Registry+Channels.swift — creates, lists, switches and deletes channels, and reads what their logins are
// checked with.
//
// Invariants:
// - A product has at most one channel, and cannot be deleted while it has one.

extension Registry {
    /// Creates a channel of an existing product.
    ///
    /// - Throws: `invalid` for a name or description against the rules, and for a product whose key cannot be
    ///   in an MQTT topic or user name; `exists` if the name is taken or the product has a channel;
    ///   `notFound` if there is no such product.
    public func createChannel(_ channel: Channel) throws {
        try change { try $0.insert(channel) }
    }

    /// All channels, by name.
    public func channels() throws -> [Channel] {
        try read { try $0.channels() }
    }

    /// The channel of a name.
    ///
    /// - Throws: `notFound` if there is no such channel.
    public func channel(named name: String) throws -> Channel {
        try read { reading in
            guard let channel = try reading.channel(name) else { throw Self.noChannel(name) }
            return channel
        }
    }

    /// Switches a channel on or off: a disabled channel refuses all logins.
    ///
    /// - Returns: The channel after the change.
    /// - Throws: `notFound` if there is no such channel.
    @discardableResult
    public func setChannel(_ name: String, enabled: Bool) throws -> Channel {
        try change { try $0.changeChannel(name) { $0.isEnabled = enabled } }
    }

    /// Deletes a channel, but not its product, devices and their history.
    ///
    /// - Returns: The channel before it was deleted.
    /// - Throws: `notFound` if there is no such channel.
    @discardableResult
    public func deleteChannel(_ name: String) throws -> Channel {
        try change { try $0.deleteChannel(name) }
    }

    /// What logins are checked with, as of one moment: every channel, its product's secret and its devices.
    ///
    /// Cost: one transaction that reads every device of a product with a channel, about 200 bytes each.
    public func channelCredentials() throws -> [ChannelCredentials] {
        try read { try $0.channelCredentials(withDevices: true) }
    }

    static func noChannel(_ name: String) -> RegistryError {
        RegistryError(
            .notFound,
            "there is no channel \(RegistryNames.shown(name)): see varve channel list, or create it")
    }
}

extension RegistryReading {
    /// See `Registry.channelCredentials`.
    func channelCredentials(withDevices: Bool) throws -> [ChannelCredentials] {
        try channels().map { channel in
            guard let product = try product(channel.product) else {
                throw RegistryError(
                    .damaged,
                    "\(path) has lost the product of channel \(RegistryNames.shown(channel.name)): "
                        + "restore a backup")
            }
            var devices: [Device] = []
            if withDevices { try forEachDevice(of: channel.product) { devices.append($0) } }
            return ChannelCredentials(
                channel: channel, productSecret: product.secret,
                previousProductSecret: product.previousSecret, devices: devices)
        }
    }
}
