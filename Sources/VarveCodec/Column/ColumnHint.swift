// ColumnHint.swift — what the encoder found out about one column of doubles, for the next one of the same series.
//
// Blocks of one series are much alike. Looking for the best encoding takes three quarters of the time of an
// encoding; so at standard effort the next block takes the choices of the one before, and looks again only if it
// comes out larger than that, or when many blocks have passed. Thorough effort never takes a hint.
//
// Invariants:
// - A hint changes size and time only: any column is encoded exactly with any hint.
// - The same columns in the same order, from an empty hint on, give the same bytes.

package struct ColumnHint: Sendable {
    /// The choices that a search found.
    indirect enum Choice: Sendable {
        /// A transform; whether a dictionary won; the families of the vectors of its integers.
        case plain(DoubleTransform, usesDictionary: Bool, forms: VectorForms)
        /// One frequent value apart, and what is between.
        case sparse(Choice)
    }

    /// What a column was written as.
    struct Payload: Equatable, Sendable {
        var isPlanes = false
        var isPacked = false
    }

    /// Columns that take a hint before the next search.
    private static let lifetime = 16
    /// Columns below this tell too little.
    private static let smallest = 1024

    private var choice: Choice?
    private(set) var payload = Payload()
    /// 1024 times the bits of a value.
    private var cost = 0
    private var age = 0

    /// Knows nothing.
    package init() {}

    /// The choices to try, if there are any.
    mutating func next(count: Int) -> Choice? {
        guard count >= Self.smallest, age < Self.lifetime else { return nil }
        age += 1
        return choice
    }

    /// Whether a plan made by the choices is about as good as the search found them: a sixteenth is in the noise.
    func isGood(_ bits: Int, count: Int) -> Bool {
        bits << 10 <= (cost + cost >> 4 + 64) * count
    }

    /// Whether a plan is so near what the search found that it is worth a second look.
    func isNear(_ bits: Int, count: Int) -> Bool {
        bits << 10 <= (cost + cost >> 1 + 64) * count
    }

    /// Keeps the cost of a column that was planned by the choices.
    mutating func follow(bits: Int, count: Int) { cost = (bits << 10) / count }

    /// Keeps what a search found.
    mutating func learn(_ choice: Choice?, bits: Int, count: Int) {
        guard count >= Self.smallest else { return }
        self.choice = choice
        cost = (bits << 10) / count
        age = 0
    }

    /// Keeps how the column that was searched for was written.
    mutating func learn(_ payload: Payload) { self.payload = payload }
}
