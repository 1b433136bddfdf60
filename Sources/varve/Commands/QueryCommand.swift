// QueryCommand.swift — `varve query`.

import ArgumentParser
import VarveStorage

struct QueryCommand: ParsableCommand {
    static let configuration = QueryOptions.configuration

    @OptionGroup var data: DataOptions
    @OptionGroup var options: QueryOptions
    @OptionGroup var state: StateOptions

    func run() throws {
        try options.run(on: state.state(of: data.openStore(to: .read).snapshot()))
    }
}
