// MQTTEncryption.swift — what a connection with TLS needs, and why one does not come about.

import Glibc

/// The files of a connection with TLS.
///
/// The broker's certificate must be signed by a known authority, be valid now and name the host of the connection. TLS
/// is of version 1.2 or later.
public struct MQTTEncryption: Hashable, Sendable {
    /// The certificates of the authorities that are believed, a PEM file; empty for those of the system.
    public var authority: String
    /// The certificate that the client shows, a PEM file; empty to show none.
    public var certificate: String
    /// The key of `certificate`, a PEM file without a password.
    public var key: String

    /// Where Debian keeps the authorities of the system.
    static let systemAuthorities = "/etc/ssl/certs"

    /// Names the files; by default the system's authorities, and no certificate of the client.
    public init(authority: String = "", certificate: String = "", key: String = "") {
        self.authority = authority
        self.certificate = certificate
        self.key = key
    }

    /// Which file cannot be read, and why; nil if all can.
    var unreadableFile: String? {
        for path in [authority, certificate, key] where !path.isEmpty && access(path, R_OK) != 0 {
            return "\(path) cannot be read (\(String(cString: strerror(errno))))"
        }
        return nil
    }
}

/// Why a connection with TLS did not come about.
public enum EncryptionFailure: Error, Hashable, Sendable {
    /// No authority that is believed has signed the broker's certificate.
    case unknownAuthority
    /// The broker's certificate has expired.
    case expired
    /// The broker's certificate is not valid yet.
    case notYetValid
    /// The broker's certificate does not name the host of the connection.
    case wrongName
    /// The port does not answer with TLS.
    case notEncrypted
    /// The port speaks TLS, and the connection was to be without.
    case onlyEncrypted
    /// The broker lets in only clients that show a certificate.
    case certificateWanted
    /// The broker refuses the certificate that the client has shown; its reason.
    case certificateRefused(String)
    /// A file of `MQTTEncryption` cannot be used; which one, and why.
    case unusableFile(String)
    /// Anything else, in the words of the library.
    case other(String)

    /// Whether another attempt would end in the same way.
    public var isLasting: Bool { if case .other = self { false } else { true } }

    /// The meaning of an error that libmosquitto reports.
    ///
    /// - Parameters:
    ///   - line: The line that it would log.
    ///   - verification: OpenSSL's result of checking the broker's certificate.
    init(line: String, verification: Int) {
        let text = line.split(separator: ":").last.map(String.init) ?? line
        if line.hasPrefix("Error: ") {
            let words = String(line.dropFirst("Error: ".count))
            self = words.hasPrefix("host name") ? .wrongName : .unusableFile(Self.lowercased(words))
        } else if text.contains("certificate verify failed") {
            self = Self.verification(verification)
        } else if ["wrong version number", "unexpected eof", "http request"].contains(where: text.contains) {
            self = .notEncrypted
        } else if ["alert certificate required", "alert handshake failure"].contains(where: text.contains) {
            self = .certificateWanted
        } else if let alert = text.firstRange(of: "alert "),
            ["certificate", "unknown ca"].contains(where: text.contains)
        {
            self = .certificateRefused(String(text[alert.upperBound...]))
        } else {
            self = .other(text)
        }
    }

    /// This failure after the next line: the first counts, but the reason why a file cannot be used comes second.
    func followed(by next: EncryptionFailure) -> EncryptionFailure {
        if case (.unusableFile(let what), .other(let why)) = (self, next), !what.hasSuffix(")") {
            return .unusableFile("\(what) (\(why))")
        }
        return self
    }

    /// The meaning of a result of OpenSSL (`X509_V_ERR_…`).
    private static func verification(_ result: Int) -> EncryptionFailure {
        switch result {
        case 2, 18...21: .unknownAuthority
        case 9: .notYetValid
        case 10: .expired
        case 62, 64: .wrongName
        default: .other("the broker's certificate is not accepted, error \(result) of OpenSSL")
        }
    }

    private static func lowercased(_ words: String) -> String {
        var words = words
        if words.hasSuffix(".") { words.removeLast() }
        return words.prefix(1).lowercased() + words.dropFirst()
    }
}

extension EncryptionFailure: CustomStringConvertible {
    /// What failed, without a remedy.
    public var description: String {
        switch self {
        case .unknownAuthority: "no authority that is known here has signed its certificate"
        case .expired: "its certificate has expired"
        case .notYetValid: "its certificate is not valid yet"
        case .wrongName: "its certificate is for another name"
        case .notEncrypted: "it does not speak TLS on this port"
        case .onlyEncrypted: "it speaks only TLS on this port"
        case .certificateWanted: "it wants a certificate of its client"
        case .certificateRefused(let reason): "it refuses the certificate of its client (\(reason))"
        case .unusableFile(let reason): reason
        case .other(let reason): "no connection with TLS (\(reason))"
        }
    }
}

extension MQTTConnection {
    /// Whether a server with TLS listens somewhere; for the words of an error.
    ///
    /// Cost: waits up to two seconds.
    public static func speaksTLS(host: String, port: UInt16) -> Bool {
        let receiver = DeafReceiver()
        var options = MQTTOptions(host: host, port: port, clientID: "varve-probe")
        options.encryption = MQTTEncryption()
        let connection = MQTTConnection(options, receiver: receiver)
        return withExtendedLifetime(receiver) {
            do throws(MQTTError) {
                try connection.connect()
                for _ in 0..<10 where connection.isShakingHands {
                    if connection.wait(milliseconds: 200) { try connection.readAvailable { true } }
                }
                return connection.isOpen && !connection.isShakingHands
            } catch {
                guard case .encryption(_, _, let failure) = error else { return false }
                return failure.isLasting && failure != .notEncrypted
            }
        }
    }
}

/// The receiver of a connection that never logs in.
private final class DeafReceiver: MQTTReceiver {
    func connected(refusal _: MQTTError?, hasSession _: Bool) {}
    func subscribed(id _: Int32, codes _: [Int32]) {}
    func received(_: MQTTMessageView) {}
    func published(id _: Int32) {}
}
