// LockHolderTests.swift — the holder of a lock is known from the kernel, not from the text of the lock file.

import Glibc
import Testing
import VarveTestSupport

@testable import VarveFile

@Suite struct LockHolderTests {
    private let list = """
        1: POSIX  ADVISORY  WRITE 700 08:01:42 0 EOF
        2: FLOCK  ADVISORY  WRITE 812 08:01:42 0 EOF
        2: -> FLOCK  ADVISORY  WRITE 900 08:01:42 0 EOF
        3: FLOCK  ADVISORY  READ  813 08:01:43 0 EOF
        4: FLOCK  ADVISORY  WRITE 814 00:1f:42 0 EOF
        5: FLOCK  ADVISORY  WRITE 0 08:01:42 0 EOF
        broken
        """

    @Test("in the kernel's list only a held lock of this kind on this file counts")
    func find() {
        let device = LockHolder.number(major: 8, minor: 1)
        #expect(LockHolder.find(in: list, device: device, node: 42) == [812])
        #expect(LockHolder.find(in: list, device: device, node: 43) == [813])
        #expect(
            LockHolder.find(in: list, device: LockHolder.number(major: 0, minor: 0x1F), node: 42) == [814])
        #expect(LockHolder.find(in: list, device: device, node: 44).isEmpty)
    }

    @Test("a lock file that names another process does not mislead")
    func misleadingFile() throws {
        let folder = try TemporaryFolder()
        let file = folder.path + "/lock"
        let lock = try DirectoryLock(file: file, directory: folder.path)
        defer { lock.release() }
        try POSIXFileSystem().open(file, .replace).append(Array("1\n".utf8))
        let refused = #expect(throws: DirectoryInUse.self) {
            try DirectoryLock(file: file, directory: folder.path)
        }
        #expect(refused?.processID == Int(getpid()))
        #expect(refused?.description.contains("which is this one") == true)
    }

    @Test("only the owner can open a lock, also one that was open to others")
    func rights() throws {
        let folder = try TemporaryFolder()
        let file = folder.path + "/lock"
        #expect(creat(file, 0o666) >= 0 && chmod(file, 0o666) == 0)
        let lock = try DirectoryLock(file: file, directory: folder.path)
        defer { lock.release() }
        var status = stat()
        #expect(stat(file, &status) == 0 && status.st_mode & 0o7777 == 0o600)
    }
}
