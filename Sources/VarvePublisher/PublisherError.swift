// PublisherError.swift — why sending ends before all is answered; a refused row is no such error.

/// Sending failed or was stopped; what was acknowledged stays so, and the next run goes on after it.
public enum PublisherError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The options make no sense.
    case invalid(String)
    /// The broker refuses the login, or the subscription to the replies.
    case refused(host: String, port: UInt16, reason: String)
    /// The receiver refuses everything: the topic, the method or the form of messages.
    case notTaken(code: Int, message: String)
    /// No reply came for as long as the options allow.
    case gaveUp(seconds: Double, reason: String)
    /// The owner asked to stop.
    case stopped

    /// One line: what, where and what to do.
    public var description: String {
        switch self {
        case .invalid(let reason): reason
        case .refused(let host, let port, let reason):
            "the broker at \(host):\(port) refuses the login (\(reason)): check user name and password, and that the "
                + "channel is enabled"
        case .notTaken(let code, let message):
            "the receiver takes no message of ours: code \(code)\(message.isEmpty ? "" : ", \(message)")"
        case .gaveUp(let seconds, let reason):
            "gave up after \(Int(seconds.rounded(.up))) s without a reply (\(reason)); run it again to go on"
        case .stopped: "stopped before all was acknowledged; run it again to go on"
        }
    }
}
