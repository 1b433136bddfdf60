// PublisherError.swift — why sending ends before everything is answered; a refused row is no such error.

/// Why sending ended early; acknowledged batches stay acknowledged, and the next run sends the others.
public enum PublisherError: Error, Hashable, Sendable, CustomStringConvertible {
    /// An option or an item cannot be used; the text says why.
    case invalid(String)
    /// The broker refuses the login, or the subscription to the replies.
    case refused(host: String, port: UInt16, reason: String)
    /// There is no connection with TLS, or only one with TLS; the reason, and what to do.
    case notEncrypted(host: String, port: UInt16, reason: String)
    /// The receiver refuses every message because of its topic, method or form.
    case notTaken(code: Int, message: String)
    /// No reply came within `PublisherOptions.giveUpSeconds`.
    case gaveUp(seconds: Double, reason: String)
    /// The owner stopped the sender through `isStopped`.
    case stopped

    /// One line: what, where and what to do.
    public var description: String {
        switch self {
        case .invalid(let reason): reason
        case .refused(let host, let port, let reason):
            "the broker at \(host):\(port) refuses the login (\(reason)): check user name and password, and that the "
                + "channel is enabled"
        case .notEncrypted(let host, let port, let reason): "the broker at \(host):\(port): \(reason)"
        case .notTaken(let code, let message):
            "the receiver refuses every message: code \(code)\(message.isEmpty ? "" : ", \(message)")"
        case .gaveUp(let seconds, let reason):
            "gave up after \(Int(seconds.rounded(.up))) s without a reply (\(reason)); run it again to go on"
        case .stopped: "stopped before all was acknowledged; run it again to go on"
        }
    }
}
