// AccountName.swift — users and groups by their names in the system's lists.

import Glibc

/// Names of users and groups, for messages and settings.
enum AccountName {
    /// The name of a user, or `user` and the number if it has no name.
    static func user(_ number: uid_t) -> String {
        guard let entry = getpwuid(number), let name = entry.pointee.pw_name else { return "user \(number)" }
        return String(cString: name)
    }

    /// The name of a group, or `group` and the number if it has no name.
    static func group(_ number: gid_t) -> String {
        guard let entry = getgrgid(number), let name = entry.pointee.gr_name else { return "group \(number)" }
        return String(cString: name)
    }

    /// The number of the group with this name, or nil if the system does not know it.
    static func group(named name: String) -> gid_t? { getgrnam(name)?.pointee.gr_gid }
}
