// RunningService.swift — the service that holds the data directory, if there is one, and what commands ask of it.
//
// Invariants:
// - Without a `control.sock` on which somebody answers, every command works on the directory itself; if another
//   process holds it then, the error is the directory's.
// - A command that only reads never fails because of the service.

import VarveControl
import VarveFile
import VarveRegistry

enum RunningService {
    /// Seconds in which the service has to take note of a change.
    private static let notice = 2.0

    /// Connects to the service of the directory, to write through it.
    ///
    /// - Returns: Nil if none answers: the directory is then to be opened, which says so if it is held.
    /// - Throws: `ControlError` if a service answers that cannot be used.
    static func connect(_ data: DataOptions) throws -> ControlClient? {
        do {
            return try ControlClient.connect(directory: data.path)
        } catch is FileError {
            return nil
        }
    }

    /// The last commit that the service of the directory acknowledged; nil if none answers.
    static func horizon(_ data: DataOptions) -> UInt64? { try? connect(data)?.horizon() }

    /// Tells the service that the registry was changed, so that logins follow at once.
    static func noteRegistryChange(_ data: DataOptions) {
        do {
            try connect(data)?.registryChanged(within: notice)
        } catch {
            var errors = StandardErrors()
            print(
                "varve: the running service did not confirm the change, it will notice by itself: \(error)",
                to: &errors)
        }
    }
}

extension DataOptions {
    /// Opens the registry, changes it and tells a running service.
    @discardableResult
    func changeRegistry<T>(
        _ access: RegistryAccess = .change, _ change: (Registry) throws -> T
    ) throws -> T {
        let result = try change(openRegistry(to: access))
        RunningService.noteRegistryChange(self)
        return result
    }
}
