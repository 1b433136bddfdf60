// FolderRightsTests.swift — a folder decides the rights of new files and folders, and no link is written through.

import Glibc
import Testing
import VarveTestSupport

@testable import VarveFile

@Suite struct FolderRightsTests {
    private let folder: TemporaryFolder
    private let files = POSIXFileSystem()

    init() throws { folder = try TemporaryFolder() }

    private func mode(_ path: String) -> mode_t? {
        var status = stat()
        return lstat(path, &status) == 0 ? status.st_mode & 0o7777 : nil
    }

    @Test(
        "files and folders in a folder of a group are open to the group, in any other folder to the owner only",
        arguments: [
            (mode_t(0o2750), mode_t(0o640)), (0o700, 0o600), (0o755, 0o600), (0o2775, 0o600), (0o750, 0o600),
        ])
    func inherited(bits: mode_t, expected: mode_t) throws {
        #expect(chmod(folder.path, bits) == 0)
        for (name, openMode) in [("a", OpenMode.append), ("c", .createNew), ("r", .replace)] {
            _ = try files.open("\(folder.path)/\(name)", openMode)
            #expect(mode("\(folder.path)/\(name)") == expected, "\(name)")
        }
        _ = try files.createIfAbsent("\(folder.path)/whole", [1])
        #expect(mode("\(folder.path)/whole") == expected)
        try files.createDirectory("\(folder.path)/inner")
        #expect(mode("\(folder.path)/inner") == (expected == 0o640 ? 0o2750 : 0o700))
        try files.createPrivate("\(folder.path)/secret")
        #expect(mode("\(folder.path)/secret") == 0o600)
        try DirectoryGuard.makePrivate("\(folder.path)/broker")
        #expect(mode("\(folder.path)/broker") == 0o700)
    }

    @Test(
        "a new data directory is its owner's only, even in a folder of a group; its new parents are not")
    func newDirectory() throws {
        #expect(chmod(folder.path, 0o2750) == 0)
        #expect(try DirectoryGuard.prepare("\(folder.path)/data") == [])
        #expect(mode("\(folder.path)/data") == 0o700)
        #expect(try DirectoryGuard.prepare("\(folder.path)/above/data") == [])
        #expect(mode("\(folder.path)/above").map { $0 & 0o055 != 0 } == true)
    }

    @Test("a link in the place of a file is not written through")
    func link() throws {
        let target = "\(folder.path)/target"
        _ = try files.createIfAbsent(target, [7])
        #expect(symlink(target, "\(folder.path)/link") == 0)
        for openMode in [OpenMode.append, .replace, .createNew] {
            #expect(throws: FileError.self) { try files.open("\(folder.path)/link", openMode) }
        }
        #expect(throws: FileError.self) { try files.createPrivate("\(folder.path)/link") }
        #expect(try files.readAll("\(folder.path)/link") == [7], "who reads a file may name a link")
        try POSIXFileSystem(.usual).open("\(folder.path)/link", .replace).append([8])
        #expect(try files.readAll(target) == [8], "a file that the user names may be a link")
    }

    @Test("a folder for everybody is refused, even if it is empty")
    func sticky() throws {
        #expect(chmod(folder.path, 0o1777) == 0)
        #expect(throws: DirectoryRefused.self) { try DirectoryGuard.prepare(folder.path) }
        #expect(mode(folder.path) == 0o1777)
    }

    @Test(
        "a folder that others may enter is not taken for a data directory because of one name in it",
        arguments: ["lock", "backup", "wal", "broker", "log.sqlite"])
    func oneName(name: String) throws {
        #expect(mkdir("\(folder.path)/\(name)", 0o755) == 0)
        _ = try files.createIfAbsent("\(folder.path)/letter", [1])
        #expect(chmod(folder.path, 0o755) == 0)
        #expect(throws: DirectoryRefused.self) { try DirectoryGuard.prepare(folder.path) }
        #expect(mode(folder.path) == 0o755)
    }

    @Test("only files with Varve's names are closed; any other file is left alone, a link is refused")
    func otherFiles() throws {
        _ = try files.createIfAbsent("\(folder.path)/registry.sqlite", [1])
        _ = try files.createIfAbsent("\(folder.path)/notes.txt", [1])
        for name in ["registry.sqlite", "notes.txt"] { #expect(chmod("\(folder.path)/\(name)", 0o644) == 0) }
        let notes = try DirectoryGuard.prepare(folder.path)
        #expect(notes.count == 1 && notes[0].contains("1 file"), "\(notes)")
        #expect(mode("\(folder.path)/registry.sqlite") == 0o600 && mode("\(folder.path)/notes.txt") == 0o644)
        #expect(symlink("/etc/hostname", "\(folder.path)/elsewhere") == 0)
        for attempt in [{ _ = try DirectoryGuard.prepare($0) }, DirectoryGuard.refuseLinks] {
            let refused = #expect(throws: DirectoryRefused.self) { try attempt(folder.path) }
            #expect(refused?.description.contains("elsewhere is a symbolic link") == true)
        }
    }
}
