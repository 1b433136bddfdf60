// MessageLogTests.swift — what is written is read back, and damaged files are replaced.

import Foundation
import GRDB
import Testing
import VarveModel

@testable import VarveMessageLog

@Suite struct MessageLogTests {
    private let fixture: LogFixture

    init() throws {
        fixture = try LogFixture()
    }

    private func full() -> LogEntry {
        var full = entry(.error, .rejected, second: 7, device: "T1", payloadBytes: 3)
        full.product = "wind"
        full.client = "gateway 7"
        full.address = "127.0.0.1"
        full.messageID = "\"a\""
        full.code = 1257
        full.topic = "/sys/wind/integration/measurepoint/post"
        full.counts = LogEntry.Counts(
            accepted: 1, identical: 2, corrected: 3, superseded: 4, expired: 5, replayed: 6, rejected: 7,
            skipped: 8)
        full.category = .script
        full.items = 9
        full.commit = 10
        full.latency = 11
        full.scriptLine = 12
        full.reason = "params[3]: no device \"T9\""
        return full
    }

    @Test("an entry comes back with all its fields and its number, after reopening too")
    func roundTrip() throws {
        let log = fixture.open()
        let bare = entry(.connection, .connected, channel: nil)
        try log.append([bare, full()])
        for reader in [log, fixture.open(), try MessageLog.openForReading(path: fixture.path)] {
            var expected = [bare, full()]
            for index in expected.indices { expected[index].id = Int64(index + 1) }
            #expect(try reader.entries() == expected)
            #expect(try reader.lastID() == 2)
        }
        #expect(fixture.warnings.all.isEmpty)
    }

    @Test("the log keeps the beginning and the size of a payload, and the beginning of a text")
    func cutting() throws {
        let log = fixture.open()
        var long = entry(.payload, .received, payloadBytes: 5000)
        #expect(long.payload?.count == 4096 && long.isCut && long.bytes == 5000)
        long.setPayload(Array("abc".utf8), limit: 3)
        #expect(!long.isCut)
        long.setPayload(Array("abcd".utf8), limit: 3)
        long.client = String(repeating: "é", count: 600)
        long.reason = String(repeating: "a", count: 1024)
        try log.append([long])
        let read = try #require(try log.entries().first)
        #expect(read.payload == Array("abc".utf8) && read.isCut && read.bytes == 4)
        #expect(read.client == String(repeating: "é", count: 512))
        #expect(read.reason == long.reason)
    }

    @Test("a filter selects the entries that meet all its conditions, the newest last")
    func filters() throws {
        let log = fixture.open()
        try log.append([
            entry(.connection, .connected, second: 1), entry(.payload, .received, second: 3, device: "T1"),
            entry(.payload, .received, second: 2, device: "T2"),
            entry(.error, .rejected, second: 4, channel: "other", device: "T1"),
        ])
        func ids(_ change: (inout LogFilter) -> Void) throws -> [Int64] {
            var filter = LogFilter()
            change(&filter)
            return try log.entries(filter).map(\.id)
        }
        func time(_ second: Int64) -> Timestamp { entry(.error, .failed, second: second).time }
        #expect(try ids { _ in } == [1, 3, 2, 4])
        #expect(try ids { $0.kinds = [.payload] } == [3, 2])
        #expect(
            try ids {
                $0.kinds = [.payload, .error]
                $0.devices = ["T1"]
            } == [2, 4])
        #expect(try ids { $0.channels = ["wind_farm"] } == [1, 3, 2])
        #expect(try ids { $0.range = TimeRange(from: time(2), to: time(4)) } == [3, 2])
        #expect(try ids { $0.range = TimeRange(from: time(4), to: time(4)) } == [])
        #expect(try ids { $0.limit = 2 } == [2, 4], "the newest by time, whenever they were written")
        #expect(try ids { $0.after = 1 } == [2, 3, 4])
        #expect(
            try ids {
                $0.after = 1
                $0.limit = 2
            } == [2, 3])
        #expect(try ids { $0.after = 4 } == [])
    }

    @Test("categories, events, codes, clients and texts select too, and several conditions must all hold")
    func closerFilters() throws {
        let log = fixture.open()
        var login = entry(.connection, .refused)
        (login.category, login.client) = (.login, "gate|securemode=4|")
        login.reason = "Wrong signature"
        var model = entry(.error, .rejected, device: "T1", payloadBytes: 3)
        (model.category, model.client, model.code) = (.model, "gate", 1204)
        model.setPayload(Array(#"{"volt":50%}"#.utf8))
        var device = entry(.error, .rejected, device: "T9")
        (device.category, device.client, device.code) = (.device, "gateway", 1257)
        var denied = entry(.error, .denied)
        (denied.category, denied.topic) = (.topic, "/sys/sun/x")
        try log.append([login, model, device, denied])
        func ids(_ change: (inout LogFilter) -> Void) throws -> [Int64] {
            var filter = LogFilter()
            change(&filter)
            return try log.ids(filter)
        }
        #expect(try ids { $0.categories = [.login, .device] } == [1, 3])
        #expect(try ids { $0.events = [.denied] } == [4])
        #expect(try ids { $0.codes = [1204, 1257] } == [2, 3])
        #expect(try ids { $0.clients = ["gate"] } == [1, 2], "the name of a signed client id is enough")
        #expect(try ids { $0.clients = ["gate|securemode=4|", "nobody"] } == [1])
        #expect(try ids { $0.texts = ["wrong SIGN"] } == [1])
        #expect(try ids { $0.texts = ["VOLT\":50%"] } == [2], "the payload counts, and % is no wildcard")
        #expect(try ids { $0.texts = ["moon/", "sun/"] } == [4])
        #expect(try ids { $0.texts = ["' OR 1=1"] } == [])
        #expect(
            try ids {
                $0.texts = ["gate"]
                $0.codes = [1257]
            } == [3])
        #expect(
            try ids {
                $0.after = 1
                $0.categories = [.login, .topic]
            } == [4])
    }

    @Test("a log is read piece by piece, in the order of times, without entries that went meanwhile")
    func pieces() throws {
        let log = fixture.open()
        try log.append((0..<2500).map { entry(.payload, .received, second: 5000 - $0) })
        var all = LogFilter()
        all.limit = nil
        let ids = try log.ids(all)
        #expect(ids == (1...2500).reversed())
        let queue = try DatabaseQueue(path: fixture.path)
        try queue.write { try $0.execute(sql: "DELETE FROM payload WHERE id IN (2499, 3)") }
        #expect(try log.entries(ids: ids.prefix(4)).map(\.id) == [2500, 2498, 2497])
        #expect(try log.entries(ids: ids.suffix(3)).map(\.id) == [2, 1])
        #expect(try log.entries(ids: []) == [])
    }

    @Test("a bookmark and its entries are written together or not at all")
    func bookmark() throws {
        let log = fixture.open()
        #expect(try log.bookmark() == nil)
        try log.append([entry(.connection, .connected)], bookmark: "file 1, byte 80")
        try log.append([entry(.payload, .received)])
        #expect(try fixture.open().bookmark() == "file 1, byte 80")
        try log.append([], bookmark: "file 1, byte 90")
        #expect(try log.bookmark() == "file 1, byte 90")
        let other = try DatabaseQueue(path: fixture.path)
        try other.write { db in
            try db.execute(
                sql: "CREATE TRIGGER no BEFORE UPDATE ON setting BEGIN SELECT RAISE(ABORT, 'no'); END")
        }
        #expect(throws: LogError.self) {
            try log.append([entry(.connection, .connected)], bookmark: "file 2, byte 0")
        }
        #expect(try MessageLog.openForReading(path: fixture.path).entries().count == 2)
    }

    @Test("a log that was never written cannot be read, and reading does not create it")
    func missing() throws {
        let error = #expect(throws: LogError.self) { try MessageLog.openForReading(path: fixture.path) }
        #expect(error?.code == .missing && error?.description.contains("varve serve") == true)
        #expect(fixture.size() == 0)
        #expect(throws: LogError.self) {
            _ = fixture.open()
            try MessageLog.openForReading(path: fixture.path).append([])
        }
    }

    @Test("only the owner has rights on the file")
    func permissions() throws {
        try fixture.open().append([full()])
        let attributes = try FileManager.default.attributesOfItem(atPath: fixture.path)
        #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o600)
    }

    @Test("a file that is not a log is renamed with a warning, and a new log begins")
    func foreignFile() throws {
        let text = Data(String(repeating: "not a database. ", count: 500).utf8)
        try text.write(to: URL(fileURLWithPath: fixture.path))
        let log = fixture.open()
        try log.append([full()])
        #expect(try log.entries().count == 1)
        #expect(fixture.warnings.all.count == 1 && fixture.warnings.all[0].contains(".damaged"))
        #expect(try Data(contentsOf: URL(fileURLWithPath: fixture.path + ".damaged")) == text)
    }

    @Test(
        "a log of an older version is read as it is, and gets its new columns when it is written",
        arguments: [1, 2])
    func olderVersion(version: Int) throws {
        let fixture = try LogFixture()
        let old = full()
        try fixture.open().append([old])
        let queue = try DatabaseQueue(path: fixture.path)
        let third = ["category", "items", "rejected", "skipped", "commitNumber", "latency", "scriptLine"]
        try queue.write { db in
            for kind in LogEntry.Kind.allCases {
                for column in third + (version == 1 ? ["expired", "replayed"] : []) {
                    try db.execute(sql: "ALTER TABLE \(kind.name) DROP COLUMN \(column)")
                }
            }
            try db.execute(sql: "PRAGMA user_version = \(version)")
        }
        try queue.close()
        let replayed: UInt64 = version == 1 ? 0 : 6
        let read = try MessageLog.openForReading(path: fixture.path).entries()
        #expect(read.map(\.counts?.superseded) == [4] && read.map(\.counts?.replayed) == [replayed])
        #expect(read.map(\.category) == [nil] && read.map(\.reason) == [old.reason])
        let log = fixture.open()
        try log.append([old])
        #expect(try log.entries().map(\.counts?.replayed) == [replayed, 6])
        #expect(try log.entries().map(\.category) == [nil, .script])
        #expect(fixture.warnings.all.isEmpty)
    }

    @Test("a log with a damaged page or without a table is renamed", arguments: [true, false])
    func damaged(isPage: Bool) throws {
        do {
            let log = fixture.open()
            for _ in 0..<50 { try log.append([entry(.payload, .received, payloadBytes: 3000)]) }
        }
        let queue = try DatabaseQueue(path: fixture.path)
        try queue.writeWithoutTransaction { db in
            try db.execute(sql: isPage ? "PRAGMA wal_checkpoint(TRUNCATE)" : "DROP TABLE payload")
        }
        try queue.close()
        if isPage {
            var bytes = try Data(contentsOf: URL(fileURLWithPath: fixture.path))
            for index in 8192..<bytes.count - 8192 { bytes[index] = UInt8(truncatingIfNeeded: index) }
            try bytes.write(to: URL(fileURLWithPath: fixture.path))
        }
        let log = fixture.open()
        try log.append([full()])
        #expect(try log.entries().count == 1)
        #expect(fixture.warnings.all.count == 1, "\(fixture.warnings.all)")
    }

    @Test("a log that is removed while it is open is begun again, and that is reported once")
    func lostWhileOpen() throws {
        let log = fixture.open()
        try log.append([full()])
        try FileManager.default.removeItem(atPath: fixture.path)
        try log.append([full()])
        try log.append([full()])
        #expect(try MessageLog.openForReading(path: fixture.path).entries().count == 2)
        #expect(
            fixture.warnings.all == ["\(fixture.path) was removed while it was in use: a new log begins"])
    }

    @Test("a log that cannot be opened says so and is tried again with the next entries")
    func unavailable() throws {
        try FileManager.default.removeItem(at: fixture.directory)
        let log = fixture.open()
        #expect(fixture.warnings.all.count == 1)
        #expect(throws: LogError.self) { try log.append([full()]) }
        try FileManager.default.createDirectory(at: fixture.directory, withIntermediateDirectories: true)
        try log.append([full()])
        #expect(try log.entries().count == 1)
    }
}
