// PolicyStep.swift — what the policy of a product makes of the rows of one message, before they are compared with those
// that are stored.
//
// It works on the columns of the whole message, so that points without a policy cost nothing while they are read. Single
// values were changed when they were read: a value that cannot be stored is a fault of its item.
//
// Invariants:
// - A message is taken as a whole or refused.
// - Each series is in the result once, and its values are of one type.

import VarveModel

/// Applies policies to the rows of one message.
struct PolicyStep {
    /// The mark of the message; see `SampleBatch.policyMark`.
    private(set) var mark: UInt64 = 0
    /// The rows of points that the policy does not store.
    private(set) var notStored = 0

    /// The rows as they are stored.
    ///
    /// - Parameters:
    ///   - policies: The answers of the directory for the points that the product's policy concerns, by the names in the
    ///     message; they are the same for all devices.
    ///   - series: The rows, by the names in the message.
    /// - Throws: `RequestFailure` if two points that are stored as one have different types, or different values for one
    ///   time.
    mutating func apply(
        _ policies: [Name: PointLookup], to series: [SeriesRows]
    ) throws(RequestFailure) -> [SeriesRows] {
        var result: [SeriesRows] = []
        result.reserveCapacity(series.count)
        var isRenamed = false
        for rows in series {
            switch policies[Name(rows.key.point)] {
            case .notStored(let point)?:
                mark &+= point.policyMark
                notStored += rows.columns.count
            case .found(let point)?:
                mark &+= point.policyMark
                var changed = rows
                isRenamed = isRenamed || !point.key.point.sameBytes(as: rows.key.point)
                changed.key.point = point.key.point
                result.append(changed)
            default: result.append(rows)
            }
        }
        // Only a renamed point can meet another one.
        guard isRenamed, Set(result.map(\.key)).count < result.count else { return result }
        return try Self.joined(result)
    }

    /// Puts rows of one series together that came by several names.
    private static func joined(_ series: [SeriesRows]) throws(RequestFailure) -> [SeriesRows] {
        var result: [SeriesRows] = []
        var places: [SeriesKey: Int] = [:]
        for rows in series {
            guard let place = places[rows.key] else {
                places[rows.key] = result.count
                result.append(rows)
                continue
            }
            guard result[place].type == rows.type else {
                throw RequestFailure(
                    .modelMismatch,
                    "device \(rows.key.device.excerpt): two points that the policy stores as \(rows.key.point.excerpt) have "
                        + "different types, \(result[place].type.name) and \(rows.type.name)",
                    device: rows.key.device.excerpt)
            }
            try result[place].columns.join(rows.columns, of: rows.key)
        }
        return result
    }
}

extension SampleColumns {
    /// Adds rows that came by another name.
    ///
    /// - Throws: `RequestFailure` if a time has another value in them: nothing says which one came later.
    fileprivate mutating func join(_ other: SampleColumns, of key: SeriesKey) throws(RequestFailure) {
        let places = Dictionary(zip(times, times.indices)) { _, last in last }
        for index in other.times.indices {
            if let known = places[other.times[index]],
                value(known) != other.value(index) || states[known] != other.states[index]
            {
                throw RequestFailure(
                    .modelMismatch,
                    "device \(key.device.excerpt): two points that the policy stores as \(key.point.excerpt) have "
                        + "different values at \(Timestamp(nanoseconds: other.times[index]))",
                    device: key.device.excerpt)
            }
        }
        times += other.times
        states += other.states
        switch (values, other.values) {
        case (.bits(let old), .bits(let new)): values = .bits(old + new)
        case (.text(var old), .text(let new)):
            for index in 0..<new.count { old.append(new.bytes[new.range(index)]) }
            values = .text(old)
        default: break  // `joined` has checked that both are of one type.
        }
    }

    /// A value in a form that can be compared bit for bit.
    private func value(_ index: Int) -> String {
        switch values {
        case .text(let text): text[index]
        case .bits(let bits): "\(bits[index])"
        }
    }
}
