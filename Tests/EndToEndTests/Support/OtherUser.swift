// OtherUser.swift — runs `varve` as another user of the machine; only root can.

import Foundation
import Glibc
import VarveTestSupport

/// A user and a group that every system has.
struct OtherUser {
    let name: String
    let number: UInt32
    private let group: String

    /// A user without rights, in a group of its own.
    static let nobody = OtherUser(name: "nobody", number: 65_534, group: "nogroup")
    /// A second such user.
    static let daemon = OtherUser(name: "daemon", number: 1, group: "daemon")
    /// The group of `nobody`.
    static let group = "nogroup"

    /// The command line before a program that makes it run as this user.
    var prefix: [String] {
        ["/usr/bin/env", "setpriv", "--reuid=\(name)", "--regid=\(group)", "--clear-groups"]
    }

    /// A sandbox that other users may enter; nil, with the reason printed, if `varve` cannot run as another user.
    static func sandbox() throws -> Sandbox? {
        guard geteuid() == 0, Installation.find("setpriv") != nil else {
            print("skipped: only root, with setpriv of util-linux, can act as another user")
            return nil
        }
        let sandbox = try Sandbox()
        guard chmod(sandbox.path, 0o755) == 0 else { throw POSIXError(.EPERM) }
        let attempt = try nobody.varve(["--version"], in: sandbox)
        guard attempt.code == 0 else {
            print("skipped: another user cannot run \(Installation.varve): \(attempt.errors)")
            return nil
        }
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
            // A running service creates and removes files meanwhile.
            guard lstat(name.isEmpty ? folder : "\(folder)/\(name)", &status) == 0 else { return nil }
            return (name, status.st_mode, status.st_uid, status.st_gid)
        }
    }

    /// The entries with other bits than they should have, one line each.
    func wrong(owner: uid_t = geteuid(), folder: mode_t = 0o700, file: mode_t = 0o600) -> [String] {
        entries.compactMap { entry in
            let wanted = entry.mode & S_IFMT == S_IFDIR ? folder : file
            // The owner's bits of a socket are not checked, as the broker makes its own socket.
            let bits: mode_t = entry.mode & S_IFMT == S_IFSOCK ? 0o7077 : 0o7777
            guard entry.mode & bits != wanted & bits || entry.owner != owner else { return nil }
            return "\(entry.name): 0\(String(entry.mode & 0o7777, radix: 8)) of \(entry.owner)"
        }
    }

    /// The bits of the entry with a name.
    subscript(_ name: String) -> mode_t? { entries.first { $0.name == name }.map { $0.mode & 0o7777 } }
}
