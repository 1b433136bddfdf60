// OtherUser.swift — runs `varve` as another user of the machine; only root can.

import Foundation
import Glibc
import Testing
import VarveTestSupport

/// A user and a group that every system has.
struct OtherUser {
    let name: String
    let number: UInt32
    private let group: String

    /// A user without rights, in a group of its own.
    static let nobody = OtherUser(name: "nobody", number: 65_534, group: "nogroup")
    /// Another one.
    static let daemon = OtherUser(name: "daemon", number: 1, group: "daemon")
    /// The group of `nobody`.
    static let group = "nogroup"

    /// What becomes a program as this user.
    var prefix: [String] {
        ["/usr/bin/env", "setpriv", "--reuid=\(name)", "--regid=\(group)", "--clear-groups"]
    }

    /// Why a test that needs another user is skipped.
    static let need: Comment = "only root, with setpriv of util-linux, can act as another user"

    /// Whether another user can run `varve` here: that takes root, and setpriv of util-linux.
    static let canAct: Bool = {
        guard geteuid() == 0, Installation.find("setpriv") != nil, let sandbox = try? sandbox() else {
            return false
        }
        return (try? nobody.varve(["--version"], in: sandbox))?.code == 0
    }()

    /// A sandbox that other users may enter.
    static func sandbox() throws -> Sandbox {
        let sandbox = try Sandbox()
        guard chmod(sandbox.path, 0o755) == 0 else { throw POSIXError(.EPERM) }
        return sandbox
    }

    /// Runs `varve` as this user.
    func varve(_ arguments: [String], data: String? = nil, in sandbox: Sandbox) throws -> Ending {
        try sandbox.start(arguments, data: data, prefix: prefix).wait()
    }

    /// Makes an empty folder of this user and returns its path.
    func folder(_ name: String, in sandbox: Sandbox) throws -> String {
        let path = "\(sandbox.path)/\(name)"
        guard mkdir(path, 0o700) == 0, chown(path, number, gid_t.max) == 0 else { throw POSIXError(.EPERM) }
        return path
    }
}

/// The rights of what is below a folder.
struct Tree {
    /// The folder itself (as an empty name) and all names below, with their bits and owners.
    let entries: [(name: String, mode: mode_t, owner: uid_t, group: gid_t)]

    init(_ folder: String) {
        let names =
            [""] + (FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? [])
        entries = names.compactMap { name in
            var status = stat()
            // Files come and go beside a running service.
            guard lstat(name.isEmpty ? folder : "\(folder)/\(name)", &status) == 0 else { return nil }
            return (name, status.st_mode, status.st_uid, status.st_gid)
        }
    }

    /// What has other bits than it should, one line each.
    func wrong(owner: uid_t = geteuid(), folder: mode_t = 0o700, file: mode_t = 0o600) -> [String] {
        entries.compactMap { entry in
            let wanted = entry.mode & S_IFMT == S_IFDIR ? folder : file
            // The bits of a socket that the owner has say nothing; the broker makes one of its own.
            let bits: mode_t = entry.mode & S_IFMT == S_IFSOCK ? 0o7077 : 0o7777
            guard entry.mode & bits != wanted & bits || entry.owner != owner else { return nil }
            return "\(entry.name): 0\(String(entry.mode & 0o7777, radix: 8)) of \(entry.owner)"
        }
    }

    /// The bits of one of them.
    subscript(_ name: String) -> mode_t? { entries.first { $0.name == name }.map { $0.mode & 0o7777 } }
}
