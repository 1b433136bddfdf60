// ValueProcessing.swift — what a product's policy does to a value on its way in, before values are compared.
//
// Invariants:
// - The result depends on the value and the numbers here alone: each step is one operation of IEEE 754 for doubles, and
//   exact for integers.

/// The change that a policy makes to the values of a point.
///
/// A number `x` becomes `x × scale + offset`, and is then brought within the limits. Texts, missing values, NaN and
/// values of type `bool` stay as they are.
public struct ValueProcessing: Hashable, Sendable {
    /// The factor.
    public var scale: Double
    /// What is added after the multiplication.
    public var offset: Double
    /// The least value; nil without a limit.
    public var minimum: Double?
    /// The greatest value; nil without a limit.
    public var maximum: Double?

    /// Describes a change; by default there is none.
    public init(scale: Double = 1, offset: Double = 0, minimum: Double? = nil, maximum: Double? = nil) {
        self.scale = scale
        self.offset = offset
        self.minimum = minimum
        self.maximum = maximum
    }
}

extension ValueProcessing {
    /// Whether every value stays as it is.
    public var isIdentity: Bool { scale == 1 && offset == 0 && minimum == nil && maximum == nil }

    /// The bits of a stored value after the change; nil if its type cannot hold the result, or a number of the change.
    ///
    /// For a double, a multiplication by 1 and an addition of 0 are left out, so that −0 keeps its sign; NaN keeps all
    /// its bits. For an integer the result is exact, and the limits apply before it must fit. Values of other types are
    /// returned as they are.
    ///
    /// - Parameters:
    ///   - bits: A value of the type that is there, not a missing one.
    ///   - type: The type of the value.
    public func apply(_ bits: UInt64, _ type: ValueType) -> UInt64? {
        switch type {
        case .double: apply(Double(bitPattern: bits))?.bitPattern
        case .int64: apply(Int64(bitPattern: bits)).map { UInt64(bitPattern: $0) }
        case .bool, .string, .json: bits
        }
    }

    private func apply(_ value: Double) -> Double? {
        guard !value.isNaN else { return value }
        var result = value
        if scale != 1 { result *= scale }
        if offset != 0 { result += offset }
        if let minimum, result < minimum { result = minimum }
        if let maximum, result > maximum { result = maximum }
        // An infinity that was sent is a value; one that the change made is a lost number.
        return result.isFinite || value.isInfinite && !result.isNaN ? result : nil
    }

    private func apply(_ value: Int64) -> Int64? {
        guard let scale = Int128(exactly: scale), let offset = Int128(exactly: offset) else { return nil }
        let (product, overflow) = Int128(value).multipliedReportingOverflow(by: scale)
        let (sum, beyond) = product.addingReportingOverflow(offset)
        guard !overflow, !beyond else { return nil }
        var result = sum
        if let limit = minimum {
            guard let least = Int128(exactly: limit) else { return nil }
            result = max(result, least)
        }
        if let limit = maximum {
            guard let greatest = Int128(exactly: limit) else { return nil }
            result = min(result, greatest)
        }
        return Int64(exactly: result)
    }

    /// Why these numbers cannot be used for values of a type; nil if they can.
    public func obstacle(for type: ValueType) -> String? {
        guard type == .double || type == .int64 else { return "its values are not numbers" }
        let numbers = [scale, offset, minimum, maximum].compactMap(\.self)
        if let odd = numbers.first(where: { !$0.isFinite }) {
            return "\(odd) is not a number to calculate with"
        }
        if scale == 0 { return "a scale of 0 would lose every value" }
        if let minimum, let maximum, minimum > maximum { return "its minimum is above its maximum" }
        guard type == .int64 else { return nil }
        if let odd = numbers.first(where: { $0 != $0.rounded() || abs($0) > Self.greatestInteger }) {
            return "its values are integers, and \(odd) is not an integer of at most 2^53"
        }
        return nil
    }

    /// 2^53, up to which a double has every integer.
    public static let greatestInteger = 9_007_199_254_740_992.0
}
