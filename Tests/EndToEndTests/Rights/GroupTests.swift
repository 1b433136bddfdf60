// GroupTests.swift — members of `data.group` can read, with and without a running service, and can change nothing.

import Foundation
import Glibc
import Testing
import VarveTestSupport

extension EndToEndTests {
    @Suite struct GroupTests {
        private func rows(in sandbox: Sandbox) throws -> String {
            try sandbox.write(
                lines: [
                    "device,point,time,value", "d,p,2024-01-01T00:00:00Z,1", "d,p,2024-01-01T00:00:01Z,2",
                ],
                "rows.csv")
        }

        private let query = ["query", "--device", "d", "--format", "csv"]
        private let export = ["export", "--format", "csv", "--out", "-"]

        @Test(
            "members of the group query and export; registry, log and logins stay the owner's, strangers get nothing",
            .enabled(if: OtherUser.canAct, OtherUser.need))
        func members() throws {
            let sandbox = try OtherUser.sandbox()
            let service = try RunningService(in: sandbox, options: ["--data-group", OtherUser.group])
            let rows = try rows(in: sandbox)
            #expect(try sandbox.varve("import", "--register", rows).code == 0)
            for command in [query, export] {
                let read = try OtherUser.nobody.varve(command, in: sandbox)
                #expect(read.code == 0 && read.output.split(separator: "\n").count == 3, "\(read.errors)")
                let stranger = try OtherUser.daemon.varve(command, in: sandbox)
                #expect(
                    stranger.code == 1 && stranger.errors.contains("permission denied"), "\(stranger.errors)")
            }
            let tree = Tree(sandbox.data)
            for entry in tree.entries where entry.mode & S_IFMT != S_IFSOCK {
                let isShared = ["manifests", "segments", "wal", "acknowledged"].contains(
                    entry.name.split(separator: "/").first ?? "")
                let isFolder = entry.mode & S_IFMT == S_IFDIR
                let wanted: mode_t =
                    switch (isShared || entry.name.isEmpty, isFolder) {
                    case (true, true): 0o2750
                    case (true, false): 0o640
                    case (false, true): 0o700
                    case (false, false): 0o600
                    }
                #expect(entry.mode & 0o7777 == wanted, "\(entry.name): \(String(entry.mode, radix: 8))")
                if isShared { #expect(entry.group == OtherUser.nobody.number, "\(entry.name)") }
            }
            #expect(tree["control.sock"] == 0o660)
            #expect(service.stop()?.code == 0)
            #expect(try OtherUser.nobody.varve(query, in: sandbox).code == 0, "without the service too")
        }

        @Test(
            "a member gets names from the service, never a secret; without a service the error says what to do",
            .enabled(if: OtherUser.canAct, OtherUser.need))
        func names() throws {
            let sandbox = try OtherUser.sandbox()
            let service = try RunningService(in: sandbox, options: ["--data-group", OtherUser.group])
            for command in [
                [
                    "model", "create", "m", "--point", "a:double:quality", "--point", "b:string", "--point",
                    "mode:ENUM(off,on)", "--event", "alarm:STRUCT(code:INT,at:STRUCT(x:DOUBLE))", "--event",
                    "trip",
                    "--attribute", "owner:STRING(64)", "--pass-through",
                ],
                ["model", "create", "n", "--event", "e"],
                ["product", "create", "k", "--model", "m", "--secret", "topSecret"],
                ["product", "create", "l", "--model", "n", "--secret", "topSecret"],
                ["product", "set", "k", "--numeric-texts", "on"],
                ["device", "create", "d7/d8", "--product", "l", "--secret", "topSecret"],
            ] { #expect(try sandbox.varve(command).code == 0) }
            let devices = try sandbox.write(
                lines: ["device,product,secret"] + (0..<2500).map { "d\($0),k,topSecret" }, "devices.csv")
            #expect(try sandbox.varve("device", "import", devices).code == 0)
            for command in [
                ["device", "list"], ["device", "show", "d7"], ["product", "list"], ["product", "show", "k"],
                ["model", "list"], ["model", "show", "m"], ["device", "list", "--product", "l"],
                ["device", "show", "k/d2499"], ["device", "show", "d7/d8"], ["device", "show", "l/d7/d8"],
                ["model", "export"], ["model", "show", "n"],
            ] {
                let owner = try sandbox.varve(command)
                let member = try OtherUser.nobody.varve(command, in: sandbox)
                #expect(member.code == 0 && !member.output.isEmpty, "\(member.errors)")
                #expect(member.output == owner.output.replacingOccurrences(of: "topSecret", with: "-"))
                guard command[1] != "export" else { continue }
                let json = try OtherUser.nobody.varve(command + ["--json"], in: sandbox)
                #expect(json.code == 0 && !json.output.contains("topSecret"), "\(json.errors)")
            }
            let missing = try OtherUser.nobody.varve(["device", "show", "none"], in: sandbox)
            #expect(
                missing.code == 1 && missing.errors.contains("there is no device none"), "\(missing.errors)")
            #expect(service.stop()?.code == 0)
            let alone = try OtherUser.nobody.varve(["device", "list"], in: sandbox)
            #expect(alone.code == 1 && alone.errorLines.count == 1, "\(alone.errors)")
            #expect(alone.errors.contains("no service runs"), "\(alone.errors)")
        }

        @Test(
            "a member can change nothing, neither through the service's socket nor beside it",
            .enabled(if: OtherUser.canAct, OtherUser.need))
        func readOnly() throws {
            let sandbox = try OtherUser.sandbox()
            let service = try RunningService(in: sandbox, options: ["--data-group", OtherUser.group])
            let rows = try rows(in: sandbox)
            #expect(try sandbox.varve("import", "--register", rows).code == 0)
            for command in [
                ["import", rows], ["compact", "--wait"], ["delete", "--device", "d", "--yes"],
                ["model", "create", "m", "--point", "a:double"],
            ] {
                let ending = try OtherUser.nobody.varve(command, in: sandbox)
                #expect(ending.code != 0 && ending.errorLines.count == 1, "\(command): \(ending.errors)")
            }
            #expect(try sandbox.varve("stats", "--json").object()["samples"] as? Int == 2)
            #expect(service.stop()?.code == 0)
            for command in [
                ["log"], ["policy", "show", "k"], ["import", "--dry-run", rows], ["import", rows],
            ] {
                let ending = try OtherUser.nobody.varve(command, in: sandbox)
                #expect(ending.code == 1 && ending.errors.contains("run this as root"), "\(ending.errors)")
            }
        }

        @Test(
            "the directory keeps its group for commands without a service; a service without the setting takes it back",
            .enabled(if: OtherUser.canAct, OtherUser.need))
        func kept() throws {
            let sandbox = try OtherUser.sandbox()
            let service = try RunningService(in: sandbox, options: ["--data-group", OtherUser.group])
            #expect(service.stop()?.code == 0)
            #expect(try sandbox.varve("import", "--register", rows(in: sandbox)).code == 0)
            #expect(try OtherUser.nobody.varve(query, in: sandbox).code == 0)
            let other = try RunningService(in: sandbox)
            #expect(other.errors.contains("may read it no longer"), "\(other.errors)")
            #expect(Tree(sandbox.data).wrong() == [])
            #expect(try OtherUser.nobody.varve(query, in: sandbox).code == 1)
            #expect(other.stop()?.code == 0)
        }

        @Test(
            "a group that does not exist, or that the user is not in, is refused in one line",
            .enabled(if: OtherUser.canAct, OtherUser.need))
        func unknownGroup() throws {
            let sandbox = try Sandbox()
            let none = try sandbox.varve("serve", "--data-group", "no-such-group")
            #expect(
                none.code == 1 && none.errors.contains("there is no group no-such-group"), "\(none.errors)")
            let shared = try OtherUser.sandbox()
            _ = try OtherUser.nobody.folder("data", in: shared)
            let stranger = try OtherUser.nobody.varve(["serve", "--data-group", "daemon"], in: shared)
            #expect(
                stranger.code == 1 && stranger.errors.contains("is no member of it"), "\(stranger.errors)")
        }

        @Test("the setting is in the configuration file beside data, and is printed there")
        func setting() throws {
            let sandbox = try Sandbox()
            let file = try sandbox.write(#"{"data": "/srv/v", "data.group": "plant"}"#.utf8, "c.json")
            let printed = try sandbox.start(
                program: [Installation.varve, "serve", "--print-config", "--config", file]).wait()
            #expect(printed.output.contains(#""data.group": "plant""#), "\(printed.output)\(printed.errors)")
            let again = try sandbox.write(printed.output.utf8, "again.json")
            let same = try sandbox.start(
                program: [Installation.varve, "serve", "--print-config", "--config", again]).wait()
            #expect(same.output == printed.output)
        }
    }
}
