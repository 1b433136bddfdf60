// ImportSessionTests.swift — one import at a time, and the permit is freed however the import ends.

import Synchronization
import Testing
import VarveCodec
import VarveControl
import VarveFile
import VarveModel
import VarvePlatform
import VarveTestSupport

@testable import VarveControl

@Suite struct ImportSessionTests {
    @Test("a second import is refused with the process that imports, and may begin once the first has ended")
    func twoImports() throws {
        let service = try TestService()
        let first = try service.client()
        let second = try service.client()
        try first.beginImport()
        try first.beginImport()
        for attempt in [
            { try second.beginImport() }, { _ = try second.commit(Batches.one()) },
            { _ = try second.assess(Batches.one()) },
        ] {
            let refused = #expect(throws: ControlError.self) { try attempt() }
            #expect(refused?.kind == .importRunning)
            #expect(refused?.reason.contains("process ") == true)
        }
        #expect(try first.commit(Batches.one()).commit == 1)
        // Other requests are answered meanwhile.
        #expect(try second.horizon() == 1)
        #expect(try second.storedType(of: Batches.key("p")) == .double)
        try first.endImport()
        try second.beginImport()
        #expect(try second.commit(Batches.one(1)).commit == 2)
        let handler = service.handler
        let state = (handler.store.imports, handler.state.withLock { $0.endedImports })
        #expect(state == (3, 1))
    }

    @Test("an import whose sender goes away between batches frees the service")
    func goneBetweenBatches() throws {
        let service = try TestService()
        do {
            let first = try service.client()
            try first.beginImport()
            _ = try first.commit(Batches.one())
        }
        let second = try service.client()
        try eventually("the first import has ended") { (try? second.beginImport()) != nil }
        #expect(service.handler.state.withLock { $0.endedImports } == 0)
    }

    @Test("a sender that goes away inside a batch leaves nothing of it", arguments: [1, 5, 1000, 400_000])
    func goneInsideBatch(_ bytes: Int) throws {
        let service = try TestService()
        let batch = Batches.mixed(rows: 20_000, part: .init(index: 0, isLast: false), seed: 5)
        let caller = try service.caller()
        try caller.greet()
        try caller.send(.beginImport)
        guard case .done? = try caller.reply() else { return #expect(Bool(false), "no import") }
        try caller.send(.batch(BatchHeader(batch, isAssessment: false)))
        guard case .done? = try caller.reply() else { return #expect(Bool(false), "no batch") }
        var rows: [UInt8] = []
        try BatchWriter.write(batch) { rows += $0.writer.bytes }
        try caller.send(Array(rows.prefix(bytes)))
        caller.connection.shutdown()
        let second = try service.client()
        try eventually("the first import has ended") { (try? second.beginImport()) != nil }
        #expect(service.handler.store.batches.isEmpty)
    }

    @Test(
        "the import of a sender that goes away while its batch is committed ends with that commit, not before"
    )
    func goneInsideCommit() throws {
        let service = try TestService()
        let handler = service.handler
        let batch = Batches.one()
        handler.gate.shut()
        do {
            let caller = try service.caller()
            try caller.greet()
            try caller.send(.batch(BatchHeader(batch, isAssessment: false)))
            guard case .done? = try caller.reply() else { return #expect(Bool(false), "no batch") }
            try BatchWriter.write(batch) { try caller.send($0.writer.bytes) }
            try eventually("the commit waits") { handler.gate.count == 1 }
        }
        let second = try service.client()
        #expect(throws: ControlError.self) { try second.beginImport() }
        handler.gate.open()
        try eventually("the first import has ended") { (try? second.beginImport()) != nil }
        #expect(handler.store.batches.count == 1)
    }
}
