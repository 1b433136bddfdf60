// RightsTests.swift — a data directory is its owner's alone at all times, with any umask and any command first.

import Foundation
import Glibc
import Testing
import VarveTestSupport

extension EndToEndTests {
    @Suite struct RightsTests {
        private let sandbox: Sandbox

        init() throws { sandbox = try Sandbox() }

        private func rows(in sandbox: Sandbox) throws -> String {
            try sandbox.write(
                lines: [
                    "device,point,time,value", "d,p,2024-01-01T00:00:00Z,1", "d,p,2024-01-01T00:00:01Z,2",
                ],
                "rows.csv")
        }

        private func expectRefusal(_ ending: Ending, _ words: [String]) {
            #expect(ending.code == 1 && ending.errorLines.count == 1, "\(ending.errors)")
            for word in words { #expect(ending.errors.contains(word), "\(word): \(ending.errors)") }
        }

        @Test(
            "after a full life cycle only the owner has rights on the files, with an open or a closed umask",
            arguments: ["000", "777"])
        func wholeLife(umask: String) throws {
            let prefix = ["/bin/sh", "-c", "umask \(umask); exec \"$0\" \"$@\""]
            func run(_ arguments: String...) throws {
                let ending = try sandbox.start(arguments, prefix: prefix).wait()
                #expect(ending.code == 0, "\(arguments): \(ending.errors)")
            }
            let rows = try rows(in: sandbox)
            try run("import", "--register", "--product", "k", rows)
            #expect(Tree(sandbox.data).wrong() == [])
            let service = try RunningService(in: sandbox, prefix: prefix)
            try run("channel", "create", "farm", "--product", "k")
            try run("publish", "--channel", "farm", "--quiet", rows)
            try run("compact", "--wait")
            let backup = "\(sandbox.path)/backup"
            try run("backup", backup)
            let running = Tree(sandbox.data)
            #expect(running.wrong() == [])
            for name in [
                "lock", "control.sock", "registry.sqlite-wal", "log.sqlite-shm", "broker/credentials",
            ] {
                #expect(running[name] != nil, "\(name) is no part of this life")
            }
            #expect(service.stop()?.code == 0)
            let stopped = Tree(sandbox.data)
            #expect(stopped.wrong() == [])
            #expect(stopped["broker/state/mosquitto.db"] != nil)
            #expect(Tree(backup).wrong() == [])
            let restored = try sandbox.start(
                ["import", "--product", "k", rows], data: backup, prefix: prefix
            ).wait()
            #expect(restored.code == 0, "\(restored.errors)")
            #expect(Tree(backup).wrong() == [])
        }

        @Test("an export and a file of rejected rows have the rights that the user's umask gives")
        func export() throws {
            #expect(try sandbox.varve("import", "--register", rows(in: sandbox)).code == 0)
            let bad = try sandbox.write(lines: ["device,point,time,value", "d,p,never,1"], "bad.csv")
            for (umask, mode) in [("022", mode_t(0o644)), ("007", 0o660)] {
                let prefix = ["/bin/sh", "-c", "umask \(umask); exec \"$0\" \"$@\""]
                let out = "\(sandbox.path)/out-\(umask).csv"
                let ending = try sandbox.start(
                    ["export", "--format", "csv", "--out", out], prefix: prefix
                ).wait()
                #expect(ending.code == 0, "\(ending.errors)")
                #expect(Tree(out)[""] == mode)
                #expect(try sandbox.start(["import", bad], prefix: prefix).wait().code == 3)
                #expect(Tree(bad + ".rejected.csv")[""] == mode)
            }
        }

        @Test(
            "a directory that an earlier version left open is closed, with one line for it and one for its files"
        )
        func tightened() throws {
            let rows = try rows(in: sandbox)
            #expect(try sandbox.varve("import", "--register", rows).code == 0)
            for entry in Tree(sandbox.data).entries {
                let isFolder = entry.mode & S_IFMT == S_IFDIR
                #expect(chmod("\(sandbox.data)/\(entry.name)", isFolder ? 0o755 : 0o644) == 0)
            }
            let ending = try sandbox.varve("import", rows)
            #expect(ending.code == 0, "\(ending.errors)")
            #expect(
                ending.errorLines.count == 2 && ending.errors.contains("was open to others (0755)"),
                "\(ending.errors)")
            #expect(Tree(sandbox.data).wrong() == [])
            #expect(try sandbox.varve("import", rows).errors == "")
        }

        @Test("a folder of a backup that was open to others is closed, with a line that says so")
        func backupFolder() throws {
            #expect(try sandbox.varve("import", "--register", rows(in: sandbox)).code == 0)
            let folder = "\(sandbox.path)/backup"
            #expect(mkdir(folder, 0o755) == 0 && chmod(folder, 0o755) == 0)
            let ending = try sandbox.varve("backup", "--quiet", folder)
            #expect(
                ending.code == 0 && ending.errors.contains("was open to others (0755)"), "\(ending.errors)")
            #expect(Tree(folder).wrong() == [])
        }

        @Test("a folder that has other files and that others may enter is refused, and stays as it is")
        func foreignFolder() throws {
            let folder = "\(sandbox.path)/home"
            #expect(mkdir(folder, 0o755) == 0)
            try sandbox.write([1], "home/letter")
            #expect(chmod(folder, 0o755) == 0 && chmod("\(folder)/letter", 0o644) == 0)
            expectRefusal(
                try sandbox.varve(["import", "--register", rows(in: sandbox)], data: folder),
                ["is open to other users", "name a directory for Varve alone"])
            #expect(Tree(folder)[""] == 0o755 && Tree(folder)["letter"] == 0o644)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["letter"])
        }

        @Test(
            "readers and writers refuse a symbolic link in the directory and name it",
            arguments: ["segments", "wal", "manifests", "lock", "registry.sqlite", "log.sqlite", "broker"])
        func link(name: String) throws {
            let rows = try rows(in: sandbox)
            #expect(try sandbox.varve("import", "--register", rows).code == 0)
            let place = "\(sandbox.data)/\(name)"
            if FileManager.default.fileExists(atPath: place) {
                try FileManager.default.moveItem(atPath: place, toPath: "\(sandbox.path)/moved")
            }
            try FileManager.default.createSymbolicLink(
                atPath: place, withDestinationPath: "\(sandbox.path)/moved")
            for command in [
                ["import", rows], ["query", "--device", "d"], ["serve"], ["device", "create", "x"],
            ] {
                let arguments =
                    command == ["device", "create", "x"] ? command + ["--product", "k"] : command
                expectRefusal(try sandbox.varve(arguments), [place, "is a symbolic link"])
            }
        }

        @Test("the directory's own path may be a link")
        func linkedDirectory() throws {
            #expect(mkdir("\(sandbox.path)/real", 0o700) == 0)
            try FileManager.default.createSymbolicLink(
                atPath: sandbox.data, withDestinationPath: "\(sandbox.path)/real")
            #expect(try sandbox.varve("import", "--register", rows(in: sandbox)).code == 0)
            #expect(try sandbox.varve("stats", "--json").object()["samples"] as? Int == 2)
        }

        @Test(
            "a stranger can neither read the directory nor hold its lock",
            .enabled(if: OtherUser.canAct, OtherUser.need))
        func stranger() throws {
            let sandbox = try OtherUser.sandbox()
            #expect(try sandbox.varve("import", "--register", rows(in: sandbox)).code == 0)
            let read = try OtherUser.nobody.varve(["query", "--device", "d"], in: sandbox)
            #expect(read.code == 1 && read.errors.contains("permission denied"), "\(read.errors)")
            let hold = OtherUser.nobody.prefix + ["flock", "-n", "\(sandbox.data)/lock", "true"]
            #expect(try sandbox.start(program: hold).wait().code != 0)
        }

        @Test(
            "root can read the store of a service's user but must write as that user, so no file becomes root's",
            .enabled(if: OtherUser.canAct, OtherUser.need))
        func root() throws {
            let sandbox = try OtherUser.sandbox()
            let rows = try rows(in: sandbox)
            let data = try OtherUser.nobody.folder("theirs", in: sandbox)
            let made = try OtherUser.nobody.varve(["import", "--register", rows], data: data, in: sandbox)
            #expect(made.code == 0, "\(made.errors)")
            for command in [
                ["import", rows], ["serve"], ["compact"], ["model", "create", "m", "--point", "a:double"],
            ] {
                expectRefusal(
                    try sandbox.varve(command, data: data), ["belongs to nobody", "runuser -u nobody"])
            }
            let read = try sandbox.varve(["query", "--device", "d", "--format", "csv"], data: data)
            #expect(read.code == 0 && read.output.split(separator: "\n").count == 3, "\(read.errors)")
            #expect(try sandbox.varve(["device", "list"], data: data).code == 0)
            #expect(Tree(data).wrong(owner: OtherUser.nobody.number) == [])
            #expect(try OtherUser.nobody.varve(["import", rows], data: data, in: sandbox).code == 0)
        }

        @Test(
            "a service runs as a user without rights, and all its files are that user's alone",
            .enabled(if: OtherUser.canAct, OtherUser.need))
        func serviceUser() throws {
            let sandbox = try OtherUser.sandbox()
            let data = try OtherUser.nobody.folder("data", in: sandbox)
            let service = try RunningService(in: sandbox, prefix: OtherUser.nobody.prefix)
            let rows = try rows(in: sandbox)
            // Root's command goes through the service, which does the writing.
            let made = try OtherUser.nobody.varve(["import", "--register", rows], in: sandbox)
            #expect(made.code == 0, "\(made.errors)")
            #expect(Tree(data).wrong(owner: OtherUser.nobody.number) == [])
            #expect(service.stop()?.code == 0)
            #expect(Tree(data).wrong(owner: OtherUser.nobody.number) == [])
        }
    }
}
