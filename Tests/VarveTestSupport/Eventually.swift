// Eventually.swift — the one way in which tests wait for something.

import Glibc

/// A condition did not come true in time.
package struct Overdue: Error, CustomStringConvertible {
    /// The condition that did not come true, and how long the test waited.
    package var description: String

    /// Makes the error of a wait.
    package init(description: String) { self.description = description }
}

/// Waits until a condition holds.
///
/// - Parameters:
///   - what: The condition in words, for the error.
///   - seconds: How long to wait; by default a minute, which a busy machine may need.
///   - interval: Milliseconds between two checks.
/// - Throws: `Overdue` if the condition does not hold in time, and what the condition throws.
package func eventually(
    _ what: @autoclosure () -> String, within seconds: Double = 60, every interval: UInt32 = 2,
    _ condition: () throws -> Bool
) throws {
    let deadline = ContinuousClock.now + .seconds(seconds)
    while try !condition() {
        guard ContinuousClock.now < deadline else {
            throw Overdue(description: "not within \(seconds) s: \(what())")
        }
        usleep(interval * 1000)
    }
}
