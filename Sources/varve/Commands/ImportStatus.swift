// ImportStatus.swift — `varve import --status`: the imports a store remembers.

import VarveModel
import VarveStorage
import VarveText

enum ImportStatus {
    /// Lists imports, newest last.
    static func show(of store: Store, asJSON: Bool) {
        let imports = store.imports()
        if asJSON { return print(JSONText.lines(imports.map(json))) }
        var table = TextTable([
            .init(title: "finished"), .init(title: "state"), .init(title: "batches", isNumber: true),
            .init(title: "accepted", isNumber: true), .init(title: "identical", isNumber: true),
            .init(title: "corrected", isNumber: true), .init(title: "superseded", isNumber: true),
            .init(title: "from"), .init(title: "to"),
        ])
        for one in imports {
            table.append([
                one.writtenAt.description, one.isFinished ? "finished" : "unfinished", String(one.batches),
                String(one.receipt.accepted), String(one.receipt.identical), String(one.receipt.corrected),
                String(one.receipt.superseded), one.receipt.from?.description, one.receipt.to?.description,
            ])
        }
        print(table.text(), terminator: "")
    }

    private static func json(_ one: ImportSummaryRecord) -> JSONText {
        .object([
            ("writtenAt", .string(one.writtenAt.description)), ("finished", .bool(one.isFinished)),
            ("batches", .integer(Int64(one.batches))), ("accepted", .integer(Int64(one.receipt.accepted))),
            ("identical", .integer(Int64(one.receipt.identical))),
            ("corrected", .integer(Int64(one.receipt.corrected))),
            ("superseded", .integer(Int64(one.receipt.superseded))),
            ("from", .optional(one.receipt.from?.description)),
            ("to", .optional(one.receipt.to?.description)),
        ])
    }
}
