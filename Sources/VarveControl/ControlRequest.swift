// ControlRequest.swift — what a command may ask a running service.

/// A question to the service.
public struct ControlRequest: Sendable {}
