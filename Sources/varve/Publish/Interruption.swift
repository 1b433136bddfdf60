// Interruption.swift — takes Ctrl-C and SIGTERM as a request to stop, for work that ends tidily.
//
// Invariants:
// - A second signal of the same kind ends the process at once, as it would without this.

import Glibc
import Synchronization

/// Records the first SIGINT or SIGTERM.
enum Interruption {
    private static let wasSignalled = Atomic<Bool>(false)

    /// Whether one of the signals has come since `listen`.
    static var isRequested: Bool { wasSignalled.load(ordering: .relaxed) }

    /// Listens from now on, for the rest of the process.
    static func listen() {
        // The first use makes the flag, which must exist before a handler runs.
        wasSignalled.store(false, ordering: .relaxed)
        // This process inherits blocked signals from the thread that started it.
        var wanted = sigset_t()
        sigemptyset(&wanted)
        for number in [SIGINT, SIGTERM] {
            sigaddset(&wanted, number)
            signal(number) { number in
                Interruption.wasSignalled.store(true, ordering: .relaxed)
                signal(number, SIG_DFL)
            }
        }
        pthread_sigmask(SIG_UNBLOCK, &wanted, nil)
    }
}
