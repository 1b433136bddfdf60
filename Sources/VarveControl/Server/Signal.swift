// Signal.swift — an event that happens once, and threads that wait for it with a time limit.

import VarvePlatform

/// An event that is set once, and can be waited for with a time limit.
final class Signal: Sendable {
    private let isSet = Monitor(false)

    /// Sets the event and wakes all threads that wait for it.
    func set() { isSet.change { $0 = true } }

    /// Waits until the event is set, at most for some seconds.
    ///
    /// - Returns: Whether it is set.
    func wait(seconds: Double) -> Bool {
        isSet.wait(until: FrameChannel.deadline(in: seconds)) { $0 ? true : nil } ?? false
    }
}
