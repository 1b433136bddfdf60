// ServiceClient.swift — the names under which the service is known to the broker.

/// The service as a client of the broker.
public enum ServiceClient {
    /// The user name of the service, on both of its connections.
    public static let username = "varve-service"

    /// The client id under which the broker keeps the service's session.
    ///
    /// It must not change: messages that wait belong to it. Nobody else may use it.
    public static let id = "varve-service"

    /// The client id of the second connection, on which answers leave; it has no session.
    public static let repliesID = "varve-service-replies"

    /// Whether a client id is one of the service's.
    public static func owns(_ clientID: String) -> Bool { clientID == id || clientID == repliesID }
}
