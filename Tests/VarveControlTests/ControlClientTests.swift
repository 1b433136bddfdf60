// ControlClientTests.swift — a command's requests and the answers to them, over a real socket.

import Glibc
import Synchronization
import Testing
import VarveControl
import VarveFile
import VarveModel
import VarvePlatform
import VarveTestSupport

@Suite struct ControlClientTests {
    @Test("status, horizon, flush and the registry's change reach the service and come back")
    func smallRequests() throws {
        let service = try TestService()
        let client = try service.client()
        #expect(client.service == service.handler.identity)
        _ = try client.commit(Batches.one())
        let status = try client.status()
        #expect(status.identity == service.handler.identity)
        #expect(status.lastCommit == 1)
        #expect(status.broker == "running as process 5")
        #expect(try client.horizon() == 1)
        #expect(try client.metrics() == "# TYPE a counter\na 5\n")
        try client.registryChanged()
        try client.flush()
        #expect(service.handler.state.withLock { $0.registryChanges } == 1)
        #expect(service.handler.state.withLock { $0.flushes } == 1)
    }

    @Test("a type is asked for by name, known or not")
    func storedType() throws {
        let service = try TestService()
        service.handler.store.withState { $0.types[Batches.key("p")] = .json }
        let client = try service.client()
        #expect(try client.storedType(of: Batches.key("p")) == .json)
        #expect(try client.storedType(of: Batches.key("q")) == nil)
    }

    @Test(
        "a batch of every type arrives as it was sent, in one piece or in many",
        arguments: [0, 1, 100, 70_000])
    func batches(_ rows: Int) throws {
        let service = try TestService()
        let client = try service.client()
        try client.beginImport()
        let sent = Batches.mixed(rows: rows, part: .init(index: 3, isLast: true), seed: UInt64(rows))
        let outcome = try client.commit(sent)
        #expect(outcome.commit == 1 && !outcome.isReplay)
        #expect(outcome.receipt.accepted == UInt64(5 * rows))
        let times = sent.series.flatMap(\.columns.times)
        #expect(outcome.receipt.from?.nanoseconds == times.min())
        #expect(outcome.receipt.to?.nanoseconds == times.max())
        let arrived = service.handler.store.batches
        #expect(arrived.count == 1 && arrived[0].equals(sent))
    }

    @Test("a batch without a series, one to be applied again, and a text of the largest size arrive too")
    func unusualBatches() throws {
        let service = try TestService()
        let client = try service.client()
        let empty = SampleBatch(series: [], part: .init(index: 0, isLast: true))
        _ = try client.commit(empty)
        var columns = SampleColumns(type: .string)
        for length in [16 << 20, 0, 3 << 20] {
            columns.append(
                Sample(
                    time: Timestamp(nanoseconds: 1), value: .string(String(repeating: "x", count: length)),
                    quality: nil))
        }
        let rows = SeriesRows(key: Batches.key("s"), type: .string, columns: columns)
        let large = SampleBatch(series: [rows], reapply: true)
        #expect(try !client.commit(large).isReplay)
        let arrived = service.handler.store.batches
        #expect(arrived.count == 2 && arrived[0].equals(empty) && arrived[1].equals(large))
    }

    @Test("assessing a batch commits nothing and needs no import")
    func assess() throws {
        let service = try TestService()
        #expect(try service.client().assess(Batches.one()).receipt.accepted == 3)
        #expect(service.handler.store.batches.isEmpty)
    }

    @Test("a batch that does not fit together, or is too large, is refused before anything is sent")
    func impossibleBatches() throws {
        let service = try TestService()
        let client = try service.client()
        var broken = Batches.one()
        broken.series[0].columns.states.removeLast()
        let uneven = #expect(throws: ControlError.self) { try client.commit(broken) }
        #expect(uneven?.refusesBatch == true)
        var text = SeriesRows(key: Batches.key("s"), type: .string, columns: SampleColumns(type: .string))
        var texts = TextColumn()
        texts.bytes = Array("abc".utf8)
        texts.ends = [2, 1]
        text.columns.values = .text(texts)
        (text.columns.times, text.columns.states) = ([1, 2], [0, 0])
        #expect(throws: ControlError.self) { try client.commit(SampleBatch(series: [text])) }
        var long = SeriesRows(key: Batches.key("p"), type: .double, columns: SampleColumns(type: .double))
        long.columns.times = Array(repeating: 0, count: (8 << 20) + 1)
        long.columns.states = Array(repeating: 0, count: long.columns.count)
        long.columns.values = .bits(Array(repeating: 0, count: long.columns.count))
        let tooLong = #expect(throws: ControlError.self) { try client.commit(SampleBatch(series: [long])) }
        #expect(tooLong?.refusesBatch == true)
        // The connection can still be used.
        #expect(try client.commit(Batches.one()).commit == 1)
    }

    @Test("the outcome of a message that came before says that it is a replay")
    func replay() throws {
        let service = try TestService()
        let client = try service.client()
        let message = SampleBatch(series: Batches.one().series)
        #expect(try !client.commit(message).isReplay)
        let again = try client.commit(message)
        #expect(again.isReplay && again.receipt.replayed == 3 && again.receipt.accepted == 0)
    }

    private struct DiskFailure: Error, CustomStringConvertible { let description = "the disk\nis full" }

    @Test("refusals of a batch, other failures and those of the service differ, each in one line")
    func failures() throws {
        let service = try TestService()
        let client = try service.client()
        service.handler.fail(FakeStore.Refusal("point p holds double values"))
        let refused = #expect(throws: ControlError.self) { try client.commit(Batches.one()) }
        #expect(refused == ControlError(.batchRefused, "point p holds double values"))
        #expect(refused?.refusesBatch == true)
        service.handler.fail(DiskFailure())
        let failed = #expect(throws: ControlError.self) { try client.commit(Batches.one()) }
        #expect(failed == ControlError(.failed, "the disk is full"))
        #expect(failed?.refusesBatch == false)
        #expect(throws: ControlError.self) { try client.storedType(of: Batches.key("p")) }
        service.handler.fail(ControlError(.notWritable, "stopping"))
        let stopping = #expect(throws: ControlError.self) { try client.flush() }
        #expect(stopping?.kind == .notWritable)
        service.handler.fail(nil)
        #expect(try client.commit(Batches.one()).commit == 1)
    }

    @Test("a client waits for a long call, and gets its progress, as long as the service gives signs of life")
    func signsOfLife() throws {
        var times = ControlTimes()
        times.sign = 0.02
        let service = try TestService(times: times)
        times.silence = 1
        let client = try service.client(times)
        service.handler.gate.shut()
        let handler = service.handler
        let seen = Mutex<[UInt64]>([])
        let opener = try WorkerThread {
            // Longer than the silence that the client would accept.
            usleep(1_500_000)
            handler.gate.open()
        }
        let counts = try client.compact { done, total in seen.withLock { $0 += [done, total] } }
        opener.join()
        #expect(counts.segments == 2 && counts.deleted == 4 && counts.kept == 6)
        #expect(counts.bytesIn == 1 << 40 && counts.bytesOut == 5)
        #expect(seen.withLock { $0.prefix(2) } == [3, 10])
    }

    @Test("a service that is silent for too long is given up, and the next request says so at once")
    func silentService() throws {
        var times = ControlTimes()
        times.sign = 100
        let service = try TestService(times: times)
        times.silence = 0.1
        let client = try service.client(times)
        service.handler.gate.shut()
        let late = #expect(throws: ControlError.self) { try client.flush() }
        #expect(late?.kind == .lost)
        #expect(late?.reason.contains("process 4711") == true, "\(String(describing: late))")
        let again = #expect(throws: ControlError.self) { try client.horizon() }
        #expect(again == late)
        service.handler.gate.open()
    }

    @Test("signs of life do not extend the total time that a caller allows")
    func limitedWait() throws {
        var times = ControlTimes()
        times.sign = 0.01
        let service = try TestService(times: times)
        let client = try service.client()
        let before = SystemClock.monotonicNanoseconds()
        service.handler.gate.shut()
        #expect(throws: ControlError.self) { try client.registryChanged(within: 0.2) }
        #expect(SystemClock.monotonicNanoseconds() - before < 5_000_000_000)
        service.handler.gate.open()
    }

    @Test("if nobody listens, or the listener says nothing, there is no service")
    func noService() throws {
        let service = try TestService()
        service.server.stop()
        #expect(try ControlClient.connect(directory: service.folder) == nil)
        let mute = try LocalSocketListener(path: service.folder + "/control.sock")
        var times = ControlTimes()
        times.greeting = 0.05
        #expect(try ControlClient.connect(directory: service.folder, times: times) == nil)
        mute.close()
    }

    @Test("an order to delete arrives unchanged, and its counts come back")
    func deletion() throws {
        let service = try TestService()
        let client = try service.client()
        let end = Timestamp(nanoseconds: .max)
        for range in [TimeRange.all, TimeRange(from: Timestamp(nanoseconds: -5), to: end)] {
            for (device, points) in [("d", ["a", "ü"]), ("empty", [])] {
                let order = DeletionOrder(product: "p", device: device, points: points, range: range)
                let counts = try client.delete(order)
                #expect(service.handler.state.withLock { $0.deletions.last } == order)
                #expect(counts.samples == (device == "empty" ? 0 : 1 << 40))
                #expect(counts.from == (device == "empty" || range.to == nil ? nil : range.from))
                #expect(counts.to == (device == "empty" ? nil : range.to))
            }
        }
        let many = (0...8192).map { "p\($0)" }
        #expect(throws: ControlError.self) {
            try client.delete(DeletionOrder(product: "p", device: "d", points: many, range: .all))
        }
    }

    @Test("an order to change a type arrives unchanged, and its counts come back")
    func typeChange() throws {
        let service = try TestService()
        let client = try service.client()
        for type in ValueType.allCases {
            let order = TypeChange(
                model: "m", point: "ü", type: type, rule: type == .int64 ? "ENUM(0,1)" : nil,
                missing: ["No Data,Bad", "-9999"],
                dropsUnfit: type == .bool)
            let counts = try client.changeType(order)
            #expect(service.handler.state.withLock { $0.typeChanges.last } == order)
            #expect(counts.series == 2 && counts.samples == 1 << 40 && counts.converted == (1 << 40) - 6)
            #expect(counts.missing == 1 && counts.skipped == 2 && counts.unfit == 3 && counts.commit == 77)
        }
        let many = (0...1024).map { "w\($0)" }
        let long = #expect(throws: ControlError.self) {
            try client.changeType(
                TypeChange(
                    model: "m", point: "p", type: .double, missing: [String(repeating: "w", count: 4097)],
                    dropsUnfit: false))
        }
        #expect(long?.reason.contains("spread it over several") == true)
        #expect(throws: ControlError.self) {
            try client.changeType(
                TypeChange(model: "m", point: "p", type: .double, missing: many, dropsUnfit: false))
        }
    }
}
