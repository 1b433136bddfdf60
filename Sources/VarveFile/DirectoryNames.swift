// DirectoryNames.swift — the names in a data directory that more than one module makes or reads.

/// Names in a data directory.
package enum DirectoryNames {
    /// The data directory of a command or a service without a `--data` option.
    package static let standard = "./varve-data"

    /// The lock of the one process that writes.
    package static let lock = "lock"

    /// The folder of the manifests.
    package static let manifests = "manifests"
    /// The folder of the segments and of the other immutable files.
    package static let segments = "segments"
    /// The folder of the write-ahead log.
    package static let wal = "wal"
    /// The file that holds the number of the last acknowledged commit.
    package static let acknowledged = "acknowledged"
    /// The mark of a directory that is a backup.
    package static let backup = "backup"

    /// The registry's database.
    package static let registry = "registry.sqlite"
    /// The message log's database.
    package static let messageLog = "log.sqlite"

    /// The socket on which the service answers commands.
    package static let controlSocket = "control.sock"

    /// The broker's folder.
    package static let broker = "broker"
    /// The file in the broker's folder that holds its address.
    package static let brokerAddress = "address"
}
