// SimulatedFileSystemTests.swift — what the simulated disk keeps, what it may lose, and that it really loses it.

import Glibc
import Testing
import VarveFile
import VarveTestSupport

@Suite struct SimulatedFileSystemTests {
    private static let seeds: [UInt64] = Array(1...200)

    /// A machine with the durable folder `/d`.
    private static func machine(_ faults: SimulatedFaults = .init()) throws -> SimulatedFileSystem {
        let files = SimulatedFileSystem(seed: 1)
        try files.createDirectory("/d")
        files.setFaults(faults)
        return files
    }

    /// The machine after a power failure.
    private static func crash(
        _ files: SimulatedFileSystem, _ outcome: CrashOutcome = .random, seed: UInt64
    ) -> SimulatedFileSystem {
        var random = SeededGenerator(seed: seed)
        return SimulatedFileSystem(files.disk.afterCrash(outcome, using: &random), seed: seed)
    }

    private static func bytes(_ count: Int, _ value: UInt8 = 7) -> [UInt8] {
        .init(repeating: value, count: count)
    }

    @Test("what was synced survives every crash, and so does every crash after it")
    func durable() throws {
        let files = try Self.machine()
        let file = try files.open("/d/a", .createNew)
        try file.append(Self.bytes(1300))
        try file.sync()
        try files.syncDirectory("/d")
        #expect(try files.createIfAbsent("/d/b", Self.bytes(900)))
        try files.replace("/d/c", Self.bytes(10))
        for seed in Self.seeds {
            for outcome in CrashOutcome.allCases {
                let once = Self.crash(files, outcome, seed: seed)
                let after = Self.crash(once, outcome, seed: seed + 1)
                #expect(try after.readAll("/d/a") == Self.bytes(1300), "seed \(seed), \(outcome)")
                #expect(try after.readAll("/d/b") == Self.bytes(900), "seed \(seed), \(outcome)")
                #expect(try after.readAll("/d/c") == Self.bytes(10), "seed \(seed), \(outcome)")
            }
        }
    }

    @Test("unsynced sectors are kept, lost, torn and zeroed independently, and the synced bytes in them stay")
    func sectors() throws {
        let files = try Self.machine()
        let file = try files.open("/d/a", .createNew)
        try file.append(Self.bytes(100, 1))
        try file.sync()
        try files.syncDirectory("/d")
        try file.append(Self.bytes(1500, 2))
        var seen: Set<String> = []
        for seed in Self.seeds {
            let after = try Self.crash(files, seed: seed).readAll("/d/a")
            #expect(after.prefix(100) == Self.bytes(100, 1)[...], "seed \(seed)")
            #expect(after.count <= 1600 && after.dropFirst(100).allSatisfy { $0 == 0 || $0 == 2 })
            if after.count == 100 { seen.insert("no growth") }
            if after.count > 100, after.count < 1600 { seen.insert("part of the growth") }
            guard after.count == 1600 else { continue }
            let first = Set(after[100..<512])
            let second = Set(after[512..<1024])
            if Set(after[100...]) == [2] { seen.insert("all there") }
            if Set(after[100...]) == [0] { seen.insert("zeros") }
            if first == [0], second == [2] { seen.insert("later sector alone") }
            if second == [0, 2] { seen.insert("torn sector") }
        }
        #expect(
            seen == [
                "no growth", "part of the growth", "all there", "zeros", "later sector alone", "torn sector",
            ])
    }

    @Test("unsynced names are lost independently of each other and of the contents")
    func names() throws {
        let files = try Self.machine()
        try files.replace("/d/old", [1])
        try files.replace("/d/gone", [1])
        for name in ["x", "y"] {
            let file = try files.open("/d/\(name)", .createNew)
            try file.append(Self.bytes(10))
            try file.sync()
        }
        try files.rename("/d/old", to: "/d/new")
        try files.remove("/d/gone")
        var seen: Set<[String]> = []
        for seed in Self.seeds {
            let after = Self.crash(files, seed: seed)
            let names = try after.list("/d")
            seen.insert(names)
            // A rename happens as a whole: there is one name, with the contents.
            #expect(names.contains("old") != names.contains("new"), "seed \(seed)")
            if names.contains("x") { #expect(try after.readAll("/d/x") == Self.bytes(10)) }
        }
        #expect(seen.count == 16)
    }

    @Test("names follow their order: a change that depends on a lost change is lost with it")
    func order() throws {
        let files = try Self.machine()
        try files.open("/d/a", .createNew).close()
        try files.rename("/d/a", to: "/d/b")
        try files.rename("/d/b", to: "/d/c")
        var seen: Set<[String]> = []
        for seed in Self.seeds { seen.insert(try Self.crash(files, seed: seed).list("/d")) }
        #expect(seen == [[], ["a"], ["b"], ["c"]])
    }

    @Test("bytes that were appended into reserved room may become zeros, and a full disk has room for them")
    func reserve() throws {
        var faults = SimulatedFaults()
        faults.capacity = 10
        let files = try Self.machine(faults)
        let file = try files.open("/d/a", .createNew)
        try file.append([1, 2])
        try file.reserve(to: 6)
        try file.sync()
        try files.syncDirectory("/d")
        try file.append([3, 4])
        #expect(try files.readAll("/d/a") == [1, 2, 3, 4, 0, 0])
        var seen: Set<[UInt8]> = []
        for seed in Self.seeds { seen.insert(try Self.crash(files, seed: seed).readAll("/d/a")) }
        #expect(seen == [[1, 2, 0, 0, 0, 0], [1, 2, 3, 0, 0, 0], [1, 2, 3, 4, 0, 0]])
        #expect(throws: FileError("reserve", "/d/a", code: ENOSPC)) { try file.reserve(to: 20) }
        #expect(try file.size() == 10)
        try file.append(Self.bytes(6))
        #expect(throws: FileError("write to", "/d/a", code: ENOSPC)) { try file.append([1]) }
    }

    @Test("a cut is lost or kept, and later writes may be there without it")
    func cut() throws {
        let files = try Self.machine()
        let file = try files.open("/d/a", .createNew)
        try file.append(Self.bytes(40, 1))
        try file.sync()
        try files.syncDirectory("/d")
        try file.truncate(to: 10)
        try file.append(Self.bytes(5, 2))
        var seen: Set<[UInt8]> = []
        for seed in Self.seeds { seen.insert(try Self.crash(files, seed: seed).readAll("/d/a")) }
        let (ten, old) = (Self.bytes(10, 1), Self.bytes(40, 1))
        #expect(seen.isSuperset(of: [old, ten, ten + Self.bytes(5, 2)]))
        #expect(seen.contains(ten + Self.bytes(5, 2) + Self.bytes(25, 1)))
    }

    @Test("after a failed sync the data may be lost although the next sync succeeds")
    func failedSync() throws {
        var seen: Set<[UInt8]> = []
        for seed in Self.seeds {
            let files = SimulatedFileSystem(seed: seed)
            let file = try files.open("/a", .createNew)
            try files.syncDirectory("/")
            try file.append([1])
            var faults = SimulatedFaults()
            faults.failing = [files.changes + 1: EIO]
            files.setFaults(faults)
            #expect(throws: FileError("sync", "/a", code: EIO)) { try file.sync() }
            seen.insert(try files.readAll("/a"))
            try file.append([2])
            try file.sync()
            #expect(try Self.crash(files, .allKept, seed: seed).readAll("/a") == [0, 2])
        }
        // For a while, reads may still return bytes that are not on the disk.
        #expect(seen == [[0], [1]])
    }

    @Test("a full disk takes the bytes that fit and no more")
    func full() throws {
        var faults = SimulatedFaults()
        faults.capacity = 100
        let files = try Self.machine(faults)
        let file = try files.open("/d/a", .createNew)
        #expect(throws: FileError("write to", "/d/a", code: ENOSPC)) { try file.append(Self.bytes(150)) }
        #expect(try file.size() == 100)
        try files.remove("/d/a")
        try files.replace("/d/b", Self.bytes(100))
    }

    @Test(
        "the machine stops at the chosen change, with part of a write done, and nothing works afterwards")
    func stop() throws {
        var faults = SimulatedFaults()
        faults.stopAt = 4
        let files = try Self.machine(faults)
        let file = try files.open("/d/a", .createNew)
        let stopped = FileError("write to", "/d/a", code: SimulatedFileSystem.stopped)
        #expect(throws: stopped) { try file.append(Self.bytes(1000)) }
        #expect(files.isStopped && files.changes == 4)
        #expect(throws: FileError.self) { try file.size() }
        #expect(throws: FileError.self) { try files.list("/d") }
        let after = SimulatedFileSystem(files.disk, seed: 1)
        #expect(try (0...1000).contains(after.readAll("/d/a").count))
    }

    @Test("a lock is held once, until it is released or the machine is restarted")
    func lock() throws {
        let files = try Self.machine()
        let lock = try files.lock("/d/lock", directory: "/d")
        #expect(throws: DirectoryInUse.self) { try files.lock("/d/lock", directory: "/d") }
        #expect(throws: Never.self) {
            try SimulatedFileSystem(files.disk, seed: 1).lock("/d/lock", directory: "/d")
        }
        lock.release()
        lock.release()
        try files.lock("/d/lock", directory: "/d").release()
    }

    @Test("an open file outlives its name, and errors are those of a real disk")
    func errors() throws {
        let files = try Self.machine()
        try files.replace("/d/a", [1, 2])
        let file = try files.open("/d/a", .read)
        try files.remove("/d/a")
        #expect(try file.readBytes(count: 2, at: 0) == [1, 2])
        #expect(throws: FileError("open", "/d/a", code: ENOENT)) { try files.open("/d/a", .read) }
        #expect(throws: FileError("open", "/d", code: EISDIR)) { try files.open("/d", .read) }
        #expect(throws: FileError("list", "/e", code: ENOENT)) { try files.list("/e") }
        try files.replace("/d/b", [1])
        #expect(throws: FileError("open", "/d/b", code: EEXIST)) { try files.open("/d/b", .createNew) }
        #expect(try !files.createIfAbsent("/d/b", [2]))
        #expect(try files.list("/d") == ["b"])
        file.close()
        #expect(throws: FileError("read", "/d/a", code: EBADF)) { try file.readBytes(count: 1, at: 0) }
    }

    @Test("the same seed gives the same disk")
    func repeatable() throws {
        func run(_ seed: UInt64) throws -> [UInt8] {
            let files = SimulatedFileSystem(seed: seed)
            let file = try files.open("/a", .createNew)
            try files.syncDirectory("/")
            for count in 1...9 { try file.append(Self.bytes(count * 100, UInt8(count))) }
            return try Self.crash(files, seed: seed).readAll("/a")
        }
        for seed in Self.seeds.prefix(20) { #expect(try run(seed) == run(seed)) }
        #expect(try Set(Self.seeds.prefix(20).map { try run($0) }).count > 10)
    }
}
