// RunningService.swift — what commands ask of the service that holds the data directory.
//
// Invariants:
// - If no service answers on `control.sock`, a command opens the directory itself. If another process holds the
//   directory, opening it reports that.
// - A command that only reads never fails because of the service.

import VarveControl
import VarveFile
import VarveRegistry

enum RunningService {
    /// How many seconds the service has to confirm a change of the registry.
    private static let confirmationSeconds = 2.0

    /// Connects to the service of the directory, to write through it.
    ///
    /// - Returns: Nil if no service answers. The caller then opens the directory, which fails if it is held.
    /// - Throws: `ControlError` if a service answers that cannot be used.
    static func connect(_ data: DataOptions) throws -> ControlClient? {
        do {
            return try ControlClient.connect(directory: data.path)
        } catch is FileError {
            return nil
        }
    }

    /// Whether a service answers for the directory, also one that this command cannot use.
    static func answers(_ data: DataOptions) -> Bool {
        do { return try connect(data) != nil } catch { return true }
    }

    /// What to do first if no service runs; nil if one answers.
    ///
    /// Files in `broker/` do not say that one runs: a service that was killed, or that failed at its start, leaves them.
    static func startAdvice(_ data: DataOptions) -> String? {
        answers(data) ? nil : "no service runs on \(data.path): start it with varve serve"
    }

    /// The last commit that the service of the directory acknowledged; nil if none answers.
    static func horizon(_ data: DataOptions) -> UInt64? { try? connect(data)?.horizon() }

    /// Notifies the service that the registry has changed, so that new logins work at once.
    ///
    /// A failure prints a line on standard error: the service notices the change by itself later.
    static func noteRegistryChange(_ data: DataOptions) {
        do {
            try connect(data)?.registryChanged(within: confirmationSeconds)
        } catch {
            var errors = StandardErrors()
            print(
                "varve: the running service did not confirm the change, it will notice by itself: \(error)",
                to: &errors)
        }
    }
}

extension DataOptions {
    /// Opens the registry, changes it and notifies a running service.
    ///
    /// - Throws: What opening the registry and `change` throw. A service that does not confirm is not an error.
    @discardableResult
    func changeRegistry<T>(
        _ access: RegistryAccess = .change, _ change: (Registry) throws -> T
    ) throws -> T {
        let result = try change(openRegistry(to: access))
        RunningService.noteRegistryChange(self)
        return result
    }
}
