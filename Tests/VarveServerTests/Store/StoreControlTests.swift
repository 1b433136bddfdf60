// StoreControlTests.swift — the service's handler over a real store, asked through a real socket.

import Testing
import VarveControl
import VarveFile
import VarveModel
import VarveServer
import VarveStorage

@Suite struct StoreControlTests {
    private func withService(
        _ body: (ControlClient, ServiceStore) throws -> Void
    ) throws {
        let folder = try TemporaryFolder()
        let store = try ServiceStore(path: folder.path)
        let identity = ServiceIdentity(
            version: "1", processID: 7, startedAt: Timestamp(nanoseconds: 0))
        let control = StoreControl(
            identity: identity, store: store, brokerState: { "no broker" },
            registryChanged: { throw StorageError.needsReopen("the credentials") })
        let server = try ControlServer(directory: folder.path, handler: control)
        defer {
            server.stop()
            try? store.close()
        }
        let client = try #require(try ControlClient.connect(directory: folder.path))
        try body(client, store)
    }

    @Test("a batch through the socket is a commit like any other, and a replay is known")
    func commit() throws {
        try withService { client, store throws in
            try client.beginImport()
            let batch = Messages.batch(0..<5, part: .init(index: 0, isLast: true))
            let outcome = try client.commit(batch)
            #expect(outcome.receipt.accepted == 5 && outcome.commit == 1)
            #expect(try client.assess(batch).isReplay)
            #expect(try client.commit(Messages.batch(0..<6)).receipt.identical == 5)
            #expect(try client.horizon() == 2 && store.lastCommit == 2)
            #expect(try client.storedType(of: Messages.key) == .double)
            try client.endImport()
            try client.flush()
            #expect(try client.status().broker == "no broker")
        }
    }

    @Test("what the store refuses is told as a refusal, what fails as a failure, a stopping service as such")
    func errors() throws {
        try withService { client, store throws in
            _ = try client.commit(Messages.batch(0..<5))
            let refused = #expect(throws: ControlError.self) {
                try client.commit(Messages.batch(0..<5, type: .int64))
            }
            #expect(refused?.refusesBatch == true)
            #expect(refused?.reason == "point p of device T1 holds double values, not int64")
            let failed = #expect(throws: ControlError.self) { try client.registryChanged() }
            #expect(failed?.kind == .failed)
            try store.close()
            let stopping = #expect(throws: ControlError.self) { try client.commit(Messages.batch(5..<6)) }
            #expect(stopping?.kind == .notWritable)
        }
    }

    @Test("a compaction in the service reports what it did")
    func compaction() throws {
        try withService { client, store throws in
            for _ in 0..<2 {
                for round in 0..<2 {
                    _ = try client.commit(Messages.batch(round * 5..<round * 5 + 6))
                    try client.flush()
                }
            }
            let counts = try client.compact()
            #expect(counts.segments == 2 && counts.samplesIn == 11 && counts.dropped == 0)
            #expect(counts.bytesIn > 0 && counts.bytesOut > 0)
        }
    }
}
