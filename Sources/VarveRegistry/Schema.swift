// Schema.swift — the tables of `registry.sqlite`, as migrations.
//
// Text compares by its UTF-8 bytes (SQLite's BINARY), so the order of lists and of the export does not depend
// on a locale. A registered migration is never edited: a change is another migration.
//
// Invariants:
// - `seal` has one row, which covers the rows of all other tables but `change`.

import GRDB

/// The versions of the registry's tables.
enum Schema {
    static let migrator: DatabaseMigrator = {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("v1") { db in try db.execute(sql: version1) }
        migrator.registerMigration("v2") { db in try db.execute(sql: version2) }
        migrator.registerMigration("v3") { db in try db.execute(sql: version3) }
        migrator.registerMigration("v4") { db in try db.execute(sql: version4) }
        migrator.registerMigration("v5") { db in try db.execute(sql: version5) }
        migrator.registerMigration("v6") { db in try db.execute(sql: version6) }
        migrator.registerMigration("v7") { db in try db.execute(sql: version7) }
        migrator.registerMigration("v8") { db in try db.execute(sql: version8) }
        return migrator
    }()

    /// The oldest version that can be read without being migrated.
    static let oldestReadable = "v1"

    private static let version1 = """
        CREATE TABLE model (
            id TEXT NOT NULL PRIMARY KEY,
            name TEXT
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE point (
            model TEXT NOT NULL REFERENCES model(id) ON DELETE CASCADE,
            id TEXT NOT NULL,
            position INTEGER NOT NULL,
            type INTEGER NOT NULL,
            quality INTEGER NOT NULL,
            unit TEXT,
            PRIMARY KEY (model, id),
            UNIQUE (model, position)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE product (
            key TEXT NOT NULL PRIMARY KEY,
            model TEXT NOT NULL REFERENCES model(id),
            name TEXT,
            secret TEXT NOT NULL,
            format TEXT NOT NULL,
            duplicates INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX product_by_model ON product(model);
        CREATE TABLE device (
            product TEXT NOT NULL REFERENCES product(key),
            key TEXT NOT NULL,
            secret TEXT NOT NULL,
            asset TEXT,
            name TEXT,
            timezone TEXT,
            PRIMARY KEY (product, key)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX device_by_key ON device(key);
        CREATE TABLE seal (
            id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
            digest INTEGER NOT NULL,
            rows INTEGER NOT NULL
        ) STRICT;
        INSERT INTO seal (id, digest, rows) VALUES (1, 0, 0);
        """

    private static let version2 = """
        CREATE TABLE channel (
            name TEXT NOT NULL PRIMARY KEY,
            product TEXT NOT NULL UNIQUE REFERENCES product(key),
            password TEXT NOT NULL,
            enabled INTEGER NOT NULL,
            description TEXT,
            created INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        """

    private static let version3 = """
        CREATE TABLE retention (
            kind INTEGER NOT NULL,
            name TEXT NOT NULL,
            seconds INTEGER NOT NULL,
            basis INTEGER NOT NULL,
            PRIMARY KEY (kind, name)
        ) STRICT, WITHOUT ROWID;
        """

    private static let version4 = """
        CREATE TABLE zone (
            product TEXT NOT NULL,
            device TEXT NOT NULL,
            zone TEXT NOT NULL,
            PRIMARY KEY (product, device)
        ) STRICT, WITHOUT ROWID;
        """

    private static let version5 = """
        CREATE TABLE script (
            product TEXT NOT NULL REFERENCES product(key),
            version INTEGER NOT NULL,
            created INTEGER NOT NULL,
            restores INTEGER,
            text TEXT NOT NULL,
            PRIMARY KEY (product, version)
        ) STRICT;
        """

    // A row with the defaults has the same canonical text as before, so the seal of an older registry stays valid.
    private static let version6 = """
        ALTER TABLE model ADD COLUMN passthrough INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE point ADD COLUMN rule TEXT;
        ALTER TABLE product ADD COLUMN numerictexts INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE product ADD COLUMN previous TEXT;
        ALTER TABLE product ADD COLUMN previousuntil INTEGER;
        ALTER TABLE channel ADD COLUMN resend INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE channel ADD COLUMN previous TEXT;
        ALTER TABLE channel ADD COLUMN previousuntil INTEGER;
        ALTER TABLE device ADD COLUMN activated INTEGER;
        CREATE TABLE feature (
            model TEXT NOT NULL REFERENCES model(id) ON DELETE CASCADE,
            kind INTEGER NOT NULL,
            id TEXT NOT NULL,
            position INTEGER NOT NULL,
            rule TEXT,
            PRIMARY KEY (model, kind, id),
            UNIQUE (model, kind, position)
        ) STRICT, WITHOUT ROWID;
        """

    // In `policymark` an empty point stands for those without a line.
    private static let version7 = """
        CREATE TABLE policy (
            product TEXT NOT NULL REFERENCES product(key),
            version INTEGER NOT NULL,
            created INTEGER NOT NULL,
            storecommit INTEGER NOT NULL,
            text TEXT NOT NULL,
            PRIMARY KEY (product, version)
        ) STRICT;
        CREATE TABLE policymark (
            product TEXT NOT NULL REFERENCES product(key),
            point TEXT NOT NULL,
            version INTEGER NOT NULL,
            PRIMARY KEY (product, point)
        ) STRICT, WITHOUT ROWID;
        """

    // The seal does not cover `change`. `policyend` is about products that were deleted.
    private static let version8 = """
        CREATE TABLE change (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            kind INTEGER NOT NULL,
            product TEXT NOT NULL,
            device TEXT NOT NULL
        ) STRICT;
        CREATE TABLE policyend (
            product TEXT NOT NULL PRIMARY KEY,
            version INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        """
}
