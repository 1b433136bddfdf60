// LogEntry.swift — one line of the message log.

/// One thing that happened on a channel.
public struct LogEntry: Sendable {}
