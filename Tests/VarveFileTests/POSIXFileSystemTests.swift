// POSIXFileSystemTests.swift — the real disk: what the calls promise.

import Glibc
import Testing
import VarveFile
import VarveTestSupport

@Suite struct POSIXFileSystemTests {
    private let files = POSIXFileSystem()

    private func withFolder(_ body: (String) throws -> Void) throws {
        let folder = try TemporaryFolder("varve-file")
        try withExtendedLifetime(folder) { try body(folder.path) }
    }

    @Test("create-if-absent makes a file once and leaves nothing else behind")
    func createIfAbsent() throws {
        try withFolder { folder throws in
            #expect(try files.createIfAbsent("\(folder)/a", [1, 2, 3]))
            #expect(try !files.createIfAbsent("\(folder)/a", [9]))
            #expect(try files.readAll("\(folder)/a") == [1, 2, 3])
            #expect(try files.list(folder) == ["a"])
        }
    }

    @Test("two instances in one process never choose the same temporary name")
    func partialNames() {
        let others = (0..<4).map { _ in POSIXFileSystem() }
        let names = (0..<8).flatMap { _ in others.map { $0.partialPath(for: "/a/b") } }
        #expect(Set(names).count == 32)
        #expect(names.allSatisfy { $0.hasPrefix("/a/b.\(getpid())-") && $0.hasSuffix(".partial") })
    }

    @Test("replace changes a file as a whole")
    func replace() throws {
        try withFolder { folder throws in
            try files.replace("\(folder)/a", [1, 2, 3])
            try files.replace("\(folder)/a", [4])
            #expect(try files.readAll("\(folder)/a") == [4])
            #expect(try files.list(folder) == ["a"])
        }
    }

    @Test("a private replacement is open to its owner only, and it has another stamp")
    func replacePrivately() throws {
        try withFolder { folder throws in
            try files.replace("\(folder)/a", [1])
            let before = try #require(try files.stamp("\(folder)/a"))
            #expect(try files.stamp("\(folder)/a") == before)
            try [2].withUnsafeBytes { bytes in try files.replacePrivately("\(folder)/a", bytes) }
            let after = try #require(try files.stamp("\(folder)/a"))
            #expect(after.node != before.node)
            var status = stat()
            #expect(stat("\(folder)/a", &status) == 0)
            #expect(status.st_mode & 0o777 == 0o600)
            #expect(try files.stamp("\(folder)/b") == nil)
        }
    }

    @Test("reads stop at the end of the file and appends go there")
    func readAndAppend() throws {
        try withFolder { folder throws in
            let file = try files.open("\(folder)/a", .createNew)
            try file.append([1, 2, 3])
            try file.append([4, 5])
            #expect(try file.size() == 5)
            #expect(try file.readBytes(count: 10, at: 3) == [4, 5])
            #expect(try file.readBytes(count: 10, at: 50) == [])
            try file.truncate(to: 1)
            try file.append([7])
            #expect(try files.readAll("\(folder)/a") == [1, 7])
            #expect(throws: FileError.self) { try files.open("\(folder)/a", .createNew) }
        }
    }

    @Test("appends fill reserved room")
    func reserve() throws {
        try withFolder { folder throws in
            let file = try files.open("\(folder)/a", .createNew)
            try file.append([1, 2])
            try file.reserve(to: 5)
            try file.append([3])
            #expect(try files.readAll("\(folder)/a") == [1, 2, 3, 0, 0])
            try file.reserve(to: 4)
            try file.append([4, 5, 6])
            #expect(try files.readAll("\(folder)/a") == [1, 2, 3, 4, 5, 6])
            try file.reserve(to: 3 << 20)
            try file.append([7])
            try file.truncate(to: 7)
            #expect(try files.readAll("\(folder)/a") == [1, 2, 3, 4, 5, 6, 7])
        }
    }

    @Test("a stream is read to its end, and refused beyond the limit")
    func readToEnd() throws {
        try withFolder { folder throws in
            let bytes = (0..<200_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
            try files.replace("\(folder)/a", bytes)
            #expect(try files.open("\(folder)/a", .read).readToEnd(limit: bytes.count) == bytes)
            #expect(throws: FileError("read", "\(folder)/a", code: EFBIG)) {
                try files.open("\(folder)/a", .read).readToEnd(limit: bytes.count - 1)
            }
        }
    }

    @Test("a private file is open to its owner only, and an existing one keeps its content")
    func createPrivate() throws {
        try withFolder { folder throws in
            try files.createPrivate("\(folder)/a")
            var status = stat()
            #expect(stat("\(folder)/a", &status) == 0)
            #expect(status.st_mode & 0o777 == 0o600)
            try files.replace("\(folder)/a", [1])
            try files.createPrivate("\(folder)/a")
            #expect(try files.readAll("\(folder)/a") == [1])
        }
    }

    @Test("writing to a pipe that nobody reads is an error and not the end of the process")
    func closedPipe() throws {
        POSIXFile.reportClosedPipes()
        var ends: [Int32] = [0, 0]
        #expect(pipe(&ends) == 0)
        close(ends[0])
        let file = POSIXFile(path: "a pipe", descriptor: ends[1])
        let error = try #require(throws: FileError.self) { try file.append([1]) }
        #expect(error.isClosedPipe)
    }

    @Test("a folder is not a file, and a missing file says so")
    func errors() throws {
        try withFolder { folder throws in
            #expect(throws: FileError("open", folder, code: EISDIR)) { try files.open(folder, .read) }
            let error = try #require(throws: FileError.self) { try files.open("\(folder)/none", .read) }
            #expect(error.isNotFound && error.description.contains("no such file or folder"))
        }
    }

    @Test("folders are made with their parents, and making one again is not an error")
    func folders() throws {
        try withFolder { folder throws in
            #expect(throws: FileError.self) { try files.createDirectory("/proc/none/such") }
            try files.createDirectory("\(folder)/x/y/z")
            try files.createDirectory("\(folder)/x/y/z")
            guard case .folder? = try files.kind("\(folder)/x/y/z") else {
                Issue.record("the folder is missing")
                return
            }
            for path in ["x/y/z", "x/y", "x"] { rmdir("\(folder)/\(path)") }
        }
    }

    @Test("a directory is held by one lock at a time, and the error of the second has the holder's pid")
    func lock() throws {
        try withFolder { folder throws in
            let first = try DirectoryLock(file: "\(folder)/lock", directory: folder)
            let refused = try #require(throws: DirectoryInUse.self) {
                _ = try DirectoryLock(file: "\(folder)/lock", directory: folder)
            }
            #expect(refused.processID == Int(getpid()))
            #expect(refused.description.contains("process \(getpid())"))
            first.release()
            _ = try DirectoryLock(file: "\(folder)/lock", directory: folder)
        }
    }

    @Test(
        "a released lock is free even if a forked child has its descriptor",
        arguments: [true, false])
    func inheritedLock(isDirectory: Bool) throws {
        try withFolder { folder throws in
            let path = "\(folder)/lock"
            var directory: DirectoryLock?
            var file: (any File)?
            func lock() throws {
                if isDirectory {
                    directory = try DirectoryLock(file: path, directory: folder)
                } else {
                    file = try files.openLocked(path)
                }
            }
            try lock()
            let child = try Heir(of: try #require(Heir.descriptor(of: path)))
            defer { child.end() }
            #expect(throws: DirectoryInUse.self) { try lock() }
            directory?.release()
            file?.close()
            try lock()
            directory?.release()
            file?.close()
        }
    }
}

/// A child process that has a copy of a descriptor until it is ended.
private struct Heir {
    private let process: pid_t
    private let input: Int32

    /// This process's descriptor of a file.
    static func descriptor(of path: String) -> Int32? {
        let named = realpath(path, nil).map { name in
            defer { free(name) }
            return String(cString: name)
        }
        return (Int32(3)..<1024).first { descriptor in
            var target = [UInt8](repeating: 0, count: 4096)
            let count = target.withUnsafeMutableBytes { bytes in
                bytes.baseAddress.map { readlink("/proc/self/fd/\(descriptor)", $0, bytes.count) } ?? 0
            }
            return count > 0 && String(decoding: target[..<count], as: UTF8.self) == named
        }
    }

    /// Starts `cat`, which runs until its standard input ends, with the descriptor as its number 9.
    init(of descriptor: Int32) throws {
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, ends[0], 0)
        posix_spawn_file_actions_adddup2(&actions, descriptor, 9)
        var process: pid_t = 0
        let name = strdup("cat")
        defer { free(name) }
        var arguments: [UnsafeMutablePointer<CChar>?] = [name, nil]
        try #require(posix_spawn(&process, "/bin/cat", &actions, nil, &arguments, environ) == 0)
        close(ends[0])
        self.process = process
        input = ends[1]
    }

    func end() {
        close(input)
        waitpid(process, nil, 0)
    }
}
