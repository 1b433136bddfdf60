// ColumnHint.swift — what the encoder learned from one column of doubles, for the next column of the same
// series.
//
// Blocks of one series are much alike, and the search for the best encoding takes three quarters of the
// encoding time. So at standard effort a block reuses the choices of the block before it. The encoder
// searches again only if the result is larger than that of the block before, or after many blocks. Thorough
// effort never uses a hint.
//
// Invariants:
// - A hint changes only size and time: any column is encoded exactly with any hint.
// - The same columns in the same order, starting with an empty hint, give the same bytes.

/// The choices and the cost of the last column of a series; the caller keeps one for each series.
package struct ColumnHint: Sendable {
    /// The choices that a search found.
    indirect enum Choice: Sendable {
        /// A transform, whether a dictionary won, and the form families of the vectors of its integers.
        case plain(DoubleTransform, usesDictionary: Bool, forms: VectorForms)
        /// One frequent value is kept apart; the choice is for the other values.
        case sparse(Choice)
    }

    /// The layout in which a column was written.
    struct Payload: Equatable, Sendable {
        var isPlanes = false
        var isPacked = false
    }

    /// The number of columns that reuse the choices before the next search.
    private static let lifetime = 16
    /// The fewest values of a column that takes or gives a hint.
    private static let smallest = 1024

    private var choice: Choice?
    private(set) var payload = Payload()
    /// The cost of the last column in 1/1024 bit a value.
    private var cost = 0
    private var age = 0

    /// An empty hint: the first column searches.
    package init() {}

    /// The choices to reuse, or nil if the column needs a search.
    ///
    /// Counts one use of them.
    mutating func choiceToReuse(count: Int) -> Choice? {
        guard count >= Self.smallest, age < Self.lifetime else { return nil }
        age += 1
        return choice
    }

    /// Whether a plan made with the choices costs at most about a sixteenth more than the last column.
    ///
    /// That much is noise.
    func isAsCheap(_ bits: Int, count: Int) -> Bool {
        bits << 10 <= (cost + cost >> 4 + 64) * count
    }

    /// Whether a plan costs at most about half more than the last column, so that it is worth a second look.
    func isWorthRecheck(_ bits: Int, count: Int) -> Bool {
        bits << 10 <= (cost + cost >> 1 + 64) * count
    }

    /// Stores the cost of a column that was planned with the choices.
    mutating func noteCost(bits: Int, count: Int) { cost = (bits << 10) / count }

    /// Stores the result of a search.
    mutating func learn(_ choice: Choice?, bits: Int, count: Int) {
        guard count >= Self.smallest else { return }
        self.choice = choice
        cost = (bits << 10) / count
        age = 0
    }

    /// Stores the layout of the column for which the search ran.
    mutating func learn(_ payload: Payload) { self.payload = payload }
}
