// Varve.swift — the command tree.

import ArgumentParser

@main
struct Varve: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "varve",
        abstract: "Append-only history store for device data that arrives late.",
        version: "0.1.0")
}
