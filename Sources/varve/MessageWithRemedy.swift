// MessageWithRemedy.swift — adds to errors of the engine what helps on the command line. The engine knows no commands.

import VarveControl
import VarveSegment
import VarveStorage

/// The message of an error, with the command or option that helps if the engine threw it.
func messageWithRemedy(_ error: any Error) -> String {
    switch error {
    case StorageError.noStore(let path):
        "\(error); import some with `varve import --data \(path) --register FILE`"
    case StorageError.unfinishedBackup:
        "\(error); run `varve backup` again with --incremental"
    case let error as StorageError where error.isDamage: "\(error); `varve verify` lists all damage"
    case BackupError.isBackup: "\(error); bring it up to date with --incremental, or name a new folder"
    case is UnfitValues: "\(error); \(TypeChange.remedyForUnfit)"
    default: "\(error)"
    }
}
