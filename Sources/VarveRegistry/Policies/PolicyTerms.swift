// PolicyTerms.swift — a product's policy in the form that look-ups need.
//
// A mark identifies what a point stores: `RegisteredPoint.policyMark`. It follows from the number of the version that last
// changed this, so it never comes back. If a policy is set, changed and set again as it was, the marks are all different,
// and a batch that comes again is applied under each: else the store would keep the values of the policy before.
//
// Invariants:
// - A point that no version ever changed has mark 0, so its batches are replays as without policies.
// - The marks of a product that was deleted and created again differ from its earlier ones, if it had a policy.

import VarveModel
import VarveText

/// The policy in force for one product, and the versions at which points last changed.
struct PolicyTerms: Sendable {
    /// The name under which `marks` has the version that last changed what becomes of points without a line.
    ///
    /// No point has an empty name.
    static let others = ""

    private let product: String
    private let storesOthers: Bool
    private let lines: [Name: PointPolicy]
    private let marks: [Name: Int64]
    private let least: Int64

    /// - Parameter least: The least version of a mark: of a product whose key another one had, with a policy.
    init(_ policy: ProductPolicy, product: String, marks: [Name: Int64], least: Int64 = 0) {
        self.least = least
        self.product = product
        storesOthers = policy.storesOthers
        lines = Dictionary(policy.lines.map { (Name($0.point), $0) }) { first, _ in first }
        self.marks = marks
    }

    /// What becomes of a point that was found by its own name.
    ///
    /// - Parameter declared: What the model says of a name.
    func answer(
        _ point: RegisteredPoint, _ declared: (Name) throws -> LookUpCache.PointRule?
    ) rethrows -> PointLookup {
        let name = Name(point.key.point)
        let isReserved = ReservedPoint(name: point.key.point) != nil
        var found = point
        found.policyMark = mark(of: name, isReserved: isReserved)
        guard let line = lines[name] else {
            return storesOthers || isReserved ? .found(found) : .notStored(found)
        }
        guard line.isStored else { return .notStored(found) }
        var target: LookUpCache.PointRule?
        if let name = line.name { target = try declared(Name(name)) }
        if let obstacle = line.obstacle(point.type, point.rule, storedAs: target?.type) {
            return .unfit(
                found,
                reason: "the policy of product \(RegistryNames.shown(product)) does not fit: \(obstacle)")
        }
        if let stored = line.name { found.key.point = stored }
        if target?.rule?.narrowsType == true { found.storedRule = target?.rule }
        if !line.processing.isIdentity { found.processing = line.processing }
        return .found(found)
    }

    private func mark(of point: Name, isReserved: Bool) -> UInt64 {
        let version = max(marks[point] ?? 0, isReserved ? 0 : marks[Name(Self.others)] ?? 0, least)
        guard version > 0 else { return 0 }
        var bytes = Array(product.utf8) + [0] + Array(point.text.utf8) + [0]
        withUnsafeBytes(of: version.littleEndian) { bytes.append(contentsOf: $0) }
        return max(1, CRC64.checksum(bytes))
    }
}

extension ProductPolicy {
    /// What decides which samples a point stores; the unit and how long they are kept do not.
    private struct Effect: Equatable {
        var name: String?
        var processing = ValueProcessing()

        init?(_ line: PointPolicy?, else isStored: Bool) {
            guard line?.isStored ?? isStored else { return nil }
            name = line?.name
            processing = line?.processing ?? ValueProcessing()
        }

        static func == (left: Effect, right: Effect) -> Bool {
            left.name.map { Name($0) } == right.name.map { Name($0) } && left.processing == right.processing
        }
    }

    /// The points for which this policy stores other samples than an older one, and `PolicyTerms.others` if that is so for
    /// points without a line.
    func changedPoints(since old: ProductPolicy) -> [String] {
        var changed = old.storesOthers == storesOthers ? [] : [PolicyTerms.others]
        for name in Set((old.lines + lines).map { Name($0.point) }).sorted() {
            let isReserved = ReservedPoint(name: name.text) != nil
            let before = Effect(old.line(of: name.text), else: isReserved || old.storesOthers)
            let after = Effect(line(of: name.text), else: isReserved || storesOthers)
            if before != after { changed.append(name.text) }
        }
        return changed
    }

    /// The terms of single points, by their names in the store; nil as a term keeps samples forever.
    func retentions(ofProduct product: String) -> [Name: RetentionTerm?] {
        var terms: [Name: RetentionTerm?] = [:]
        for line in lines {
            switch line.retention {
            case nil: break
            case .forever: terms.updateValue(nil, forKey: Name(line.storedName))
            case .period(let period):
                let rule =
                    "point \(line.storedName) of product \(product) keeps \(RetentionPeriod.text(period.seconds))"
                terms[Name(line.storedName)] = RetentionTerm(period: period, rule: rule)
            }
        }
        return terms
    }
}
