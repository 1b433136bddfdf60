// QueryCommand.swift — `varve query`.

import ArgumentParser
import VarveStorage

struct QueryCommand: ParsableCommand {
    static let configuration = QueryOptions.configuration

    @OptionGroup var data: DataOptions
    @OptionGroup var options: QueryOptions

    func run() throws {
        try options.run(on: data.openStore(to: .read).snapshot())
    }
}
