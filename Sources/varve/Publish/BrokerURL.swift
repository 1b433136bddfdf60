// BrokerURL.swift — `mqtt://USER:PASSWORD@HOST:PORT`, or `mqtts://` for TLS, as the command line gives it.
//
// User and password may be percent-encoded. A `%` without two hexadecimal digits after it is a plain `%`, so that the
// user name of a channel, `%channel%&product`, can be typed as it is.

import VarveChannel
import VarveModel

/// The parts of a broker's URL.
struct BrokerURL: Equatable {
    var address: BrokerAddress
    var username: String?
    var password: String?
    /// Whether the connection is one with TLS.
    var isEncrypted: Bool

    /// The port of a URL without one, with TLS.
    static let encryptedPort = 18883

    /// Why a text is not a usable URL.
    struct Failure: Error, Equatable, CustomStringConvertible {
        let description: String
    }

    /// Reads a URL.
    ///
    /// Without a port, the port is the standard one.
    ///
    /// - Parameter wantsEncryption: Whether `mqtt://` means TLS too.
    /// - Throws: `Failure` if it is not a URL of this form.
    init(_ text: String, wantsEncryption: Bool = false) throws(Failure) {
        let scheme = text.lowercased().hasPrefix("mqtts://") ? "mqtts://" : "mqtt://"
        guard text.lowercased().hasPrefix(scheme) else {
            throw Failure(
                description: "the URL has to be mqtt://USER:PASSWORD@HOST:PORT, or mqtts://… for TLS")
        }
        isEncrypted = wantsEncryption || scheme == "mqtts://"
        var rest = text.dropFirst(scheme.count)
        if rest.hasSuffix("/") { rest = rest.dropLast() }
        // A password may hold an @; a host may not.
        if let at = rest.lastIndex(of: "@") {
            let login = rest[..<at]
            rest = rest[rest.index(after: at)...]
            let colon = login.firstIndex(of: ":")
            username = try Self.decoded(login[..<(colon ?? login.endIndex)])
            if let colon { password = try Self.decoded(login[login.index(after: colon)...]) }
            if username?.isEmpty == true { throw Failure(description: "the URL has an empty user name") }
        }
        let hasPort = rest.hasSuffix("]") ? false : rest.contains(":")
        let standard = isEncrypted ? Self.encryptedPort : BrokerAddress.standard.port
        let place = hasPort ? String(rest) : "\(rest):\(standard)"
        guard let address = BrokerAddress(place) else {
            throw Failure(description: "the URL has no usable HOST:PORT after \(scheme)USER:PASSWORD@")
        }
        self.address = address
    }

    /// The product in the user name of a channel; nil for any other user name.
    var channelProduct: String? {
        guard let username, username.hasPrefix(Role.channelPrefix) else { return nil }
        return String(username.dropFirst(Role.channelPrefix.count))
    }

    private static func decoded(_ text: Substring) throws(Failure) -> String {
        let bytes = Array(text.utf8)
        var decoded: [UInt8] = []
        var index = 0
        while index < bytes.count {
            if bytes[index] == 0x25, index + 2 < bytes.count, let high = digit(bytes[index + 1]),
                let low = digit(bytes[index + 2])
            {
                decoded.append(high << 4 | low)
                index += 3
            } else {
                decoded.append(bytes[index])
                index += 1
            }
        }
        guard let text = String(validating: decoded, as: UTF8.self), !decoded.contains(0) else {
            throw Failure(description: "user name or password of the URL is not UTF-8 text")
        }
        return text
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x41 + 10
        case 0x61...0x66: byte - 0x61 + 10
        default: nil
        }
    }
}
