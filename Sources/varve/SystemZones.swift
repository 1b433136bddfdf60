// SystemZones.swift — finds the time zones that options, files and devices name.
//
// A name is an offset as people write it, or a zone of the system's database. The files of the database are read
// directly, so the rules are as new as the system and the same as in other programs of the machine.
//
// Invariants:
// - No name leads to a file outside the folder of the database.

import VarveFile
import VarveModel
import VarveText

/// Finds zones by name.
struct SystemZones: ZoneDirectory {
    /// Why a zone cannot be used, as one line for the user.
    struct Failure: Error, Hashable, CustomStringConvertible {
        let description: String
    }

    private static let folder = "/usr/share/zoneinfo"

    /// The zone of that name.
    ///
    /// - `UTC`, `GMT` and `Z`.
    /// - Offsets of at most 18 hours: `+01:00`, `-03:30`, `+0100`, `+01`.
    /// - `UTC+1` and `GMT-03:30`, where plus is east of Greenwich.
    /// - Every name of the database, in which `Etc/GMT-3` is three hours east.
    ///
    /// Cost: a name of the database reads its file.
    ///
    /// - Throws: `Failure` if there is no such zone, or its file is damaged.
    func zone(named name: String) throws -> any NamedZone { try Self.zone(named: name) }

    /// The zone of that name; see `zone(named:)`.
    static func zone(named name: String) throws(Failure) -> any NamedZone {
        if name == "UTC" || name == "Z" || name == "GMT" { return FixedZone() }
        if let seconds = offset(name) {
            guard abs(seconds) <= 18 * 3600 else {
                throw Failure(description: "\"\(printable(name))\" is more than 18 hours from UTC")
            }
            return FixedZone(seconds: seconds)
        }
        guard isName(name), let bytes = bytes(of: name) else { throw unknown(name) }
        do throws(ZoneTable.Damaged) {
            return try ZoneTable(name: name, bytes: bytes)
        } catch {
            // The folder of the database also has files that are not zones, such as lists.
            guard bytes.starts(with: "TZif".utf8) else { throw unknown(name) }
            throw Failure(description: "\(folder)/\(name) \(error.description); install tzdata again")
        }
    }

    /// Whether there is a zone of that name.
    static func isKnown(_ name: String) -> Bool { (try? zone(named: name)) != nil }

    private static func unknown(_ name: String) -> Failure {
        Failure(
            description: "\"\(printable(name))\" is not a time zone of this system; "
                + "use a name such as Europe/Paris or UTC, or an offset such as +01:00")
    }

    /// Whether a text can name a zone's file in the database.
    private static func isName(_ name: String) -> Bool {
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        guard name.utf8.count <= 64, let first = parts.first, first != "right" else { return false }
        if parts.count == 1, ["posixrules", "localtime", "Factory"].contains(name) { return false }
        return parts.allSatisfy { part in
            guard let letter = part.utf8.first, letter | 0x20 >= 0x61, letter | 0x20 <= 0x7A else {
                return false
            }
            return part.utf8.allSatisfy { byte in
                byte | 0x20 >= 0x61 && byte | 0x20 <= 0x7A || byte >= 0x30 && byte <= 0x39 || byte == 0x2B
                    || byte == 0x2D || byte == 0x5F
            }
        }
    }

    private static func bytes(of name: String) -> [UInt8]? {
        let files = POSIXFileSystem()
        let path = "\(folder)/\(name)"
        guard case .file? = try? files.kind(path), let file = try? files.open(path, .read) else { return nil }
        defer { file.close() }
        guard let size = try? file.size(), size > 0, size <= ZoneTable.maximumBytes else { return nil }
        var bytes = [UInt8](repeating: 0, count: size)
        let count = try? bytes.withUnsafeMutableBytes { try file.read(into: $0, at: 0) }
        return count == size ? bytes : nil
    }

    /// The seconds of an offset, with or without UTC or GMT before it; nil if the text is not an offset.
    private static func offset(_ name: String) -> Int? {
        var text = Array(name.utf8)[...]
        let hasPrefix = text.starts(with: "UTC".utf8) || text.starts(with: "GMT".utf8)
        if hasPrefix { text = text.dropFirst(3) }
        guard let sign = text.first, sign == 0x2B || sign == 0x2D else { return nil }
        text = text.dropFirst()
        let colon = text.firstIndex(of: 0x3A)
        var hours = text[..<(colon ?? text.endIndex)]
        var minutes = colon.map { text[($0 + 1)...] } ?? []
        if colon == nil, hours.count == 4 {
            minutes = hours.suffix(2)
            hours = hours.prefix(2)
        }
        let isShort = hours.count == 1 && hasPrefix
        guard hours.count == 2 || isShort, minutes.isEmpty ? colon == nil : minutes.count == 2,
            (hours + minutes).allSatisfy({ $0 >= 0x30 && $0 <= 0x39 })
        else { return nil }
        func number(_ digits: ArraySlice<UInt8>) -> Int { digits.reduce(0) { $0 * 10 + Int($1 - 0x30) } }
        guard number(minutes) < 60 else { return nil }
        let seconds = number(hours) * 3600 + number(minutes) * 60
        return sign == 0x2D ? -seconds : seconds
    }
}
