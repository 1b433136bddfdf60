// MQTTError.swift — why a connection failed.

/// A failed MQTT call.
public enum MQTTError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The broker could not be reached.
    case unreachable(host: String, port: UInt16, reason: String)
    /// The broker refused the login, with this code of MQTT 3.1.1 or 5. `reason` is the meaning of the code.
    case refused(code: Int32, reason: String)
    /// There is no connection with TLS, or only one with TLS.
    case encryption(host: String, port: UInt16, EncryptionFailure)
    /// The connection broke.
    case lost(String)
    /// The library refused a call, such as a publish to a topic with a wildcard.
    case invalid(String)

    /// What failed and where, in one line.
    public var description: String {
        switch self {
        case .unreachable(let host, let port, let reason):
            "cannot reach the broker at \(host)\(port > 0 ? ":\(port)" : ""): \(reason)"
        case .encryption(_, _, .unusableFile(let reason)): reason
        case .encryption(let host, let port, let failure): "the broker at \(host):\(port): \(failure)"
        case .refused(let code, let reason): "the broker refused the login: \(reason) (code \(code))"
        case .lost(let reason): "the connection to the broker broke: \(reason)"
        case .invalid(let reason): reason
        }
    }
}
