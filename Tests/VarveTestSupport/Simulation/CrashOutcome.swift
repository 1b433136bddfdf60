// CrashOutcome.swift — what a power failure does to what was not synced.
//
// Invariants:
// - `allLost`, `allKept` and `zeroes` take no numbers from the generator.

/// What becomes of unsynced writes and names when the power fails.
package enum CrashOutcome: Hashable, Sendable, CaseIterable {
    /// Only what was synced is there.
    case allLost
    /// Everything is there, as if it had been synced.
    case allKept
    /// Every name is there and every file has its size, but all unsynced bytes are zeros.
    case zeroes
    /// Each sector and each name has its own random fate.
    case random

    /// What becomes of one sector of a write.
    enum Fate: CaseIterable {
        case kept, lost, zeroed, torn
    }

    /// How many changes of a file's size survive, counted from the first.
    func keptChanges(of count: Int, using random: inout some RandomNumberGenerator) -> Int {
        switch self {
        case .allLost: 0
        case .allKept, .zeroes: count
        case .random: Int.random(in: 0...count, using: &random)
        }
    }

    /// How many bytes of the first write that does not survive still count for the file's size.
    func keptBytes(of count: Int, using random: inout some RandomNumberGenerator) -> Int {
        self == .random ? Int.random(in: 0...count, using: &random) : 0
    }

    /// What becomes of all sectors of a write, or nil if each has its own fate.
    func fateOfWrite(using random: inout some RandomNumberGenerator) -> Fate? {
        switch self {
        case .allLost: .lost
        case .allKept: .kept
        case .zeroes: .zeroed
        case .random:
            switch Int.random(in: 0..<5, using: &random) {
            case 0: .kept
            case 1: .lost
            case 2: .zeroed
            default: nil
            }
        }
    }

    func fateOfSector(of write: Fate?, using random: inout some RandomNumberGenerator) -> Fate {
        if let write { return write }
        return Fate.allCases[Int.random(in: 0..<Fate.allCases.count, using: &random)]
    }

    /// Whether a change of a folder's names survives.
    func keepsName(using random: inout some RandomNumberGenerator) -> Bool {
        switch self {
        case .allLost: false
        case .allKept, .zeroes: true
        case .random: Bool.random(using: &random)
        }
    }
}
