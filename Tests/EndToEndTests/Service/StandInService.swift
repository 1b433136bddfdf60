// StandInService.swift — the part of the service that commands connect to, in this process, with a real store.

import Foundation
import Synchronization
import VarveControl
import VarveModel
import VarveRegistry
import VarveServer

/// Holds a data directory as the service does.
final class StandInService {
    let store: ServiceStore
    private let server: ControlServer
    let registryNotices = RegistryNotices()

    struct Refusal: Error, CustomStringConvertible { let description = "the credentials file is gone" }

    init(_ data: String) throws {
        store = try ServiceStore(path: data)
        let registryNotices = registryNotices
        let identity = ServiceIdentity(
            version: "test", processID: Int(getpid()), startedAt: Timestamp(nanoseconds: 0))
        let control = StoreControl(
            identity: identity, store: store, brokerState: { "none" },
            registryChanged: { try registryNotices.record() },
            registry: try Registry.open(path: data + "/registry.sqlite", create: true))
        server = try ControlServer(directory: data, handler: control)
    }

    deinit { stop() }

    /// Counts the notices about changes of the registry that the service got.
    final class RegistryNotices: Sendable {
        private let state = Mutex((count: 0, fails: false))

        var count: Int { state.withLock { $0.count } }
        func fail() { state.withLock { $0.fails = true } }

        func record() throws {
            try state.withLock { state in
                state.count += 1
                if state.fails { throw Refusal() }
            }
        }
    }

    /// Ends it as SIGTERM would.
    func stop() {
        server.stop()
        try? store.close()
    }

    /// Commits one sample, as a message does.
    func message(_ device: String, second: Int, value: Double) throws {
        var columns = SampleColumns(type: .double)
        columns.append(
            Sample(
                time: Timestamp(nanoseconds: Int64(second) * 1_000_000_000), value: .double(value),
                quality: nil))
        let key = SeriesKey(product: "default", device: device, point: "p")
        let batch = SampleBatch(series: [SeriesRows(key: key, type: .double, columns: columns)])
        for result in store.commit(group: [batch]) { _ = try result.get() }
    }
}
