// ReadAttempts.swift — how often a reader begins again with what a writer changes under it.

/// A budget of attempts: one for each opening, whatever is read again in it.
struct ReadAttempts {
    /// As many as it takes until a writer that exchanges files at its fastest leaves a moment between.
    private var left = 50

    init() {}

    /// Takes one attempt; false if none is left.
    mutating func take() -> Bool {
        guard left > 0 else { return false }
        left -= 1
        return true
    }
}
