// Ingest.swift — the loop from message to durable answer.

/// The loop of the offline channel.
public struct Ingest: Sendable {}
