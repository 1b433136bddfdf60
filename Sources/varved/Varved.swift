// Varved.swift — the executable of the service.

import ArgumentParser

@main
struct Varved: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "The service of Varve.")
}
