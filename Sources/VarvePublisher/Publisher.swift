// Publisher.swift — sends history through a channel until every answer is there.

/// The reference sender.
public struct Publisher: Sendable {}
