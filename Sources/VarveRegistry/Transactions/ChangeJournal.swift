// ChangeJournal.swift — which devices each transaction changed, so that nobody reads all of them after a change of one.
//
// The seal does not cover the journal. A reader that does not find the entries it expects reads everything.
//
// Invariants:
// - A transaction that changes a row adds an entry, and the numbers of entries have no gap.
// - At least the newest `kept` entries are kept.

import GRDB
import VarveFile
import VarveModel

/// What a transaction did, as far as logins and look-ups are concerned.
struct JournalEntry: Hashable, Sendable {
    /// The raw values are in the database.
    enum Kind: Int64, Sendable {
        /// Rows of other tables.
        case other = 0
        /// Columns of a device, such as its secret.
        case deviceChanged = 1
        case deviceAdded = 2
        case deviceRemoved = 3
        /// More devices than have entries of their own.
        case manyDevices = 4
        /// Points, events and attributes that a model lacked.
        case namesAdded = 5
    }

    var kind: Kind
    /// Empty unless the entry is about one device.
    var product = ""
    var device = ""
}

/// The entries of one transaction, while it runs.
struct JournalDraft {
    /// The most devices of a transaction that have entries of their own.
    static let limit = 1000

    private(set) var devices: [JournalEntry] = []
    private var isFull = false
    private var hasNewNames = false
    /// The number of changes of the seal that were noted.
    private var noted = 0

    mutating func note(_ kind: JournalEntry.Kind, _ device: Device) {
        noted += kind == .deviceChanged ? 2 : 1
        guard devices.count < Self.limit else {
            isFull = true
            return
        }
        devices.append(JournalEntry(kind: kind, product: device.product, device: device.key))
    }

    /// Notes a point, event or attribute that its model lacked.
    mutating func noteNewName() {
        noted += 1
        hasNewNames = true
    }

    /// The entries of the transaction.
    ///
    /// - Parameter sealed: The number of changes of the seal.
    func entries(sealed: Int) -> [JournalEntry] {
        (isFull ? [JournalEntry(kind: .manyDevices)] : devices)
            + (hasNewNames ? [JournalEntry(kind: .namesAdded)] : [])
            + (sealed > noted ? [JournalEntry(kind: .other)] : [])
    }
}

/// A moment in the life of a registry's file.
public struct LoginMark: Hashable, Sendable {
    fileprivate var number: Int64
    fileprivate var file: FileIdentity?
}

/// What changed of that with which logins are checked.
public enum LoginChanges: Sendable {
    /// Nothing.
    case none
    /// The present state of all channels, without their devices, if one may have changed; and of some devices.
    case some(channels: [ChannelCredentials]?, devices: [LoginDevice])
    /// Perhaps everything: see `Registry.channelCredentials`.
    case all
}

/// A device as it is now.
public struct LoginDevice: Hashable, Sendable {
    /// The key of its product.
    public var product: String
    /// The `deviceKey`.
    public var key: String
    /// Nil if there is no such device any more.
    public var device: Device?
}

extension Registry {
    /// What changed since an earlier moment, and the mark of this one.
    ///
    /// Everything is to be read again at first, after many changes, and if the file is another one.
    ///
    /// Cost: two small queries if nothing changed, and one for each device that did.
    public func loginChanges(since earlier: LoginMark?) throws -> (mark: LoginMark, changes: LoginChanges) {
        let file = identity
        return try read { reading in
            let mark = LoginMark(number: try reading.newestChange(), file: file)
            guard let earlier, earlier.file == file, let entries = try reading.changes(after: earlier.number)
            else { return (mark, .all) }
            guard entries.contains(where: { $0.kind != .namesAdded }) else { return (mark, .none) }
            var names: Set<[Name]> = []
            var devices: [LoginDevice] = []
            for entry in entries where entry.kind != .other && entry.kind != .namesAdded {
                if entry.kind == .manyDevices { return (mark, .all) }
                guard names.insert([Name(entry.product), Name(entry.device)]).inserted else { continue }
                devices.append(
                    LoginDevice(
                        product: entry.product, key: entry.device,
                        device: try reading.device(entry.device, of: entry.product)))
            }
            let hasOthers = entries.contains { $0.kind == .other }
            let channels = try hasOthers ? reading.channelCredentials(withDevices: false) : nil
            return (mark, .some(channels: channels, devices: devices))
        }
    }

    /// The number of the newest entry, and the entries after a number; nil if they are not known, or without a number.
    func journal(after number: Int64?) throws -> (newest: Int64, entries: [JournalEntry]?) {
        try read { reading in
            (try reading.newestChange(), try number.flatMap { try reading.changes(after: $0) })
        }
    }
}

extension RegistryReading {
    /// The number of the newest entry of the journal; 0 if it has none.
    func newestChange() throws -> Int64 {
        guard try hasTable("change") else { return 0 }
        return try Int64.fetchOne(db.cachedStatement(sql: "SELECT MAX(number) FROM change")) ?? 0
    }

    /// The entries after a number; nil if one of them is not there or cannot be read.
    func changes(after number: Int64) throws -> [JournalEntry]? {
        let newest = try newestChange()
        guard newest >= number, newest - number <= Int64(RegistryChange.keptEntries),
            try hasTable("change")
        else { return nil }
        guard newest > number else { return [] }
        let rows = try Row.fetchAll(
            db.cachedStatement(
                sql: "SELECT kind, product, device FROM change WHERE number > ? ORDER BY number"),
            arguments: [number])
        guard Int64(rows.count) == newest - number else { return nil }
        var entries: [JournalEntry] = []
        for row in rows {
            guard let kind = Int64.fromDatabaseValue(row[0]).flatMap(JournalEntry.Kind.init(rawValue:)),
                let product = String.fromDatabaseValue(row[1]), let device = String.fromDatabaseValue(row[2])
            else { return nil }
            entries.append(JournalEntry(kind: kind, product: product, device: device))
        }
        return entries
    }
}

extension RegistryChange {
    /// The number of entries that are kept.
    static let keptEntries = 10_000

    /// Writes the entries of the transaction and forgets the oldest.
    ///
    /// - Returns: The entries, and the number of the last one; 0 without entries.
    func saveJournal() throws -> (entries: [JournalEntry], newest: Int64) {
        let entries = journal.entries(sealed: seal.changes)
        guard !entries.isEmpty else { return ([], 0) }
        let statement = try db.cachedStatement(
            sql: "INSERT INTO change (kind, product, device) VALUES (?, ?, ?)")
        for entry in entries {
            try statement.execute(arguments: [entry.kind.rawValue, entry.product, entry.device])
        }
        let newest = db.lastInsertedRowID
        try db.cachedStatement(sql: "DELETE FROM change WHERE number <= ?").execute(
            arguments: [newest - Int64(Self.keptEntries)])
        return (entries, newest)
    }
}
