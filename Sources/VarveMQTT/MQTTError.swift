// MQTTError.swift — why a connection failed.

/// A failed MQTT call.
public enum MQTTError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The broker could not be reached.
    case unreachable(host: String, port: UInt16, reason: String)
    /// The broker refused the login: the code of MQTT 3.1.1 or 5 and its meaning.
    case refused(code: Int32, reason: String)
    /// The connection broke.
    case lost(String)
    /// A call the library did not take, such as a topic with a wildcard in a publish.
    case invalid(String)

    /// One line: what and where.
    public var description: String {
        switch self {
        case .unreachable(let host, let port, let reason):
            "cannot reach the broker at \(host)\(port > 0 ? ":\(port)" : ""): \(reason)"
        case .refused(let code, let reason): "the broker refused the login: \(reason) (code \(code))"
        case .lost(let reason): "the connection to the broker broke: \(reason)"
        case .invalid(let reason): reason
        }
    }
}
