// Server.swift — the service as a whole.

/// The service.
public struct Server: Sendable {}
