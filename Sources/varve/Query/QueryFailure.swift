// QueryFailure.swift — why a query cannot be answered.

/// A query that cannot be answered, as one line for the user.
struct QueryFailure: Error, Hashable, CustomStringConvertible {
    /// What is wrong, where, and what to do.
    let description: String
}
