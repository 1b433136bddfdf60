// ReadAttempts.swift — limits how often a reader starts again because a writer changes files.

/// A budget of attempts; one opening has one budget for everything that it reads again.
struct ReadAttempts {
    /// Enough for a gap between two exchanges of files, even by the fastest writer.
    private var left = 50

    init() {}

    /// Uses one attempt; false if no attempt is left.
    mutating func useOne() -> Bool {
        guard left > 0 else { return false }
        left -= 1
        return true
    }
}
