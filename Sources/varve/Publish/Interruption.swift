// Interruption.swift — Ctrl-C and SIGTERM as a wish to stop, for work that leaves something tidy behind.
//
// Invariants:
// - The second signal ends the process at once, as it would without this.

import Glibc
import Synchronization

/// Takes note of the first SIGINT or SIGTERM.
enum Interruption {
    private static let isWished = Atomic<Bool>(false)

    /// Whether somebody asked to stop.
    static var isRequested: Bool { isWished.load(ordering: .relaxed) }

    /// Listens from now on, for the rest of the process.
    static func listen() {
        // A first use here: inside the handler the flag must exist already.
        isWished.store(false, ordering: .relaxed)
        // A program that starts this one from a thread that blocks signals hands its mask down.
        var wanted = sigset_t()
        sigemptyset(&wanted)
        for number in [SIGINT, SIGTERM] {
            sigaddset(&wanted, number)
            signal(number) { number in
                Interruption.isWished.store(true, ordering: .relaxed)
                signal(number, SIG_DFL)
            }
        }
        pthread_sigmask(SIG_UNBLOCK, &wanted, nil)
    }
}
