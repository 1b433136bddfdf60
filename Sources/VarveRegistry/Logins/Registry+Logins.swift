// Registry+Logins.swift — the settings of products and channels, new secrets, and the activation of devices.
//
// Invariants:
// - A product has at most two valid secrets and a channel at most two passwords: the current one, and until a time the
//   one before.
// - A device is activated at most once until it is reset, whatever processes try it at the same time.

public import VarveModel
import VarvePlatform

extension Registry {
    /// The longest time, in seconds, for which a replaced secret stays valid: one year.
    public static let longestSecretOverlap: Int64 = 365 * 86_400

    /// Sets whether messages of a product may have numbers as texts.
    ///
    /// - Returns: The product after the change.
    /// - Throws: `notFound` if there is no such product.
    @discardableResult
    public func setNumericTexts(_ takes: Bool, ofProduct key: String) throws -> Product {
        try change { try $0.changeProduct(key) { $0.takesNumericTexts = takes } }
    }

    /// Sets for how long a message without times that comes again to a channel is a replay, in nanoseconds; 0: never.
    ///
    /// - Returns: The channel after the change.
    /// - Throws: `notFound` if there is no such channel; `invalid` for more than `Channel.longestResendWindow`.
    @discardableResult
    public func setResendWindow(_ nanoseconds: Int64, ofChannel name: String) throws -> Channel {
        try change { try $0.changeChannel(name) { $0.resendWindow = nanoseconds } }
    }

    /// Gives a product a new random secret.
    ///
    /// The secret before it stays valid for a time; one that was replaced earlier is not valid any more.
    ///
    /// - Parameters:
    ///   - overlap: How long the replaced secret stays valid, in seconds; 0: not at all.
    ///   - now: The time from which this counts.
    /// - Returns: The product after the change.
    /// - Throws: `notFound` if there is no such product; `invalid` for an overlap that is negative or longer than
    ///   `longestSecretOverlap`.
    @discardableResult
    public func rotateSecret(
        ofProduct key: String, overlap: Int64, now: Timestamp = Registry.now
    ) throws -> Product {
        let end = try Self.end(of: overlap, from: now)
        return try change { change in
            try change.changeProduct(key) { product in
                product.previousSecret = end.map { PreviousSecret(secret: product.secret, validUntil: $0) }
                product.secret = Secret.random()
            }
        }
    }

    /// Gives a channel a new random password; parameters and errors as those of `rotateSecret`.
    ///
    /// - Returns: The channel after the change.
    /// - Throws: `notFound`; `invalid`.
    @discardableResult
    public func rotatePassword(
        ofChannel name: String, overlap: Int64, now: Timestamp = Registry.now
    ) throws -> Channel {
        let end = try Self.end(of: overlap, from: now)
        return try change { change in
            try change.changeChannel(name) { channel in
                channel.previousPassword = end.map {
                    PreviousSecret(secret: channel.password, validUntil: $0)
                }
                channel.password = Secret.random()
            }
        }
    }

    /// When an overlap ends; nil if there is none.
    private static func end(of overlap: Int64, from now: Timestamp) throws -> Timestamp? {
        guard 0...longestSecretOverlap ~= overlap else {
            throw RegistryError(
                .invalid, "a replaced secret may stay valid for at most 365 days: use a shorter time")
        }
        let (end, isTooLate) = now.nanoseconds.addingReportingOverflow(overlap * 1_000_000_000)
        guard !isTooLate else {
            throw RegistryError(.invalid, "the clock says \(now): set it, and try again")
        }
        return overlap == 0 ? nil : Timestamp(nanoseconds: end)
    }

    /// Notes that a device was given its secret over the network, which happens once.
    ///
    /// Durability: on disk when it returns.
    ///
    /// - Returns: The device after the change.
    /// - Throws: `notFound` if there is no such device; `activated` if it was activated before and not reset since.
    @discardableResult
    public func activateDevice(product: String, key: String, now: Timestamp = Registry.now) throws -> Device {
        try change { change in
            guard let device = try change.reading.device(key, of: product) else {
                throw Self.noDevice("\(product)/\(key)")
            }
            if let time = device.activated {
                throw RegistryError(
                    .activated,
                    "device \(RegistryNames.shown(device.qualifiedName)) was activated at \(time): "
                        + "allow it once more with varve device reset")
            }
            var activated = device
            activated.activated = now
            try change.replace(device, by: activated)
            return activated
        }
    }

    /// Lets a device be activated once more, and gives it a new secret, so that the one that was given out is not valid
    /// any more.
    ///
    /// - Parameter name: As in `device(named:)`.
    /// - Returns: The device after the change.
    /// - Throws: `notFound`; `ambiguous` if several products have the bare key.
    @discardableResult
    public func resetDevice(named name: String) throws -> Device {
        try change { change in
            let device = try change.reading.device(named: name)
            var reset = device
            reset.activated = nil
            reset.secret = Secret.random()
            try change.replace(device, by: reset)
            return reset
        }
    }

    /// The time of the machine's clock.
    public static var now: Timestamp { Timestamp(nanoseconds: SystemClock.nanoseconds()) }
}
