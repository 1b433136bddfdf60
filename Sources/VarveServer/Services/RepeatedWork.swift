// RepeatedWork.swift — how a service repeats its work: on a thread of its own, until the service is to end.
//
// Tasks share a pool of as many threads as cores. Work that blocks on a disk, a process or SQLite never runs there.

import ServiceLifecycle
import VarvePlatform

/// The pause between two rounds of most services, in milliseconds.
let usualPause: Int64 = 200

/// Repeats work on a thread of its own until the service is to end.
///
/// - Parameters:
///   - work: Returns the milliseconds until it is to run again.
///   - onShutdown: Called when the service is to end, before the wait for the current round.
/// - Throws: `FileError` if no thread can be started.
func repeatUntilShutdown(
    _ work: @escaping @Sendable () -> Int64, onShutdown: () -> Void = {}
) async throws {
    let thread = try RepeatingThread(work)
    // It throws if the task is cancelled, which ends the service as well.
    try? await gracefulShutdown()
    onShutdown()
    try await thread.stop()
}
