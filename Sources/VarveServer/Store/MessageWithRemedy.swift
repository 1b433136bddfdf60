// MessageWithRemedy.swift — adds to errors of the engine what helps beside a service. The engine knows no commands.

import VarveControl
import VarveSegment
import VarveStorage

/// The message of an error, with the command or option that helps if the engine threw it.
func messageWithRemedy(_ error: any Error) -> String {
    switch error {
    case let error as StorageError where error.isDamage: "\(error); `varve verify` lists all damage"
    case is UnfitValues: "\(error); \(TypeChange.remedyForUnfit)"
    default: "\(error)"
    }
}
