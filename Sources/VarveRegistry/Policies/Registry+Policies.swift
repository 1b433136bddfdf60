// Registry+Policies.swift — the policies of products, with their versions.
//
// Invariants:
// - A version is never changed. A policy and what it changed are deleted with their product.
// - The numbers of versions of one key never go back, also if its product is deleted and created again.
// - A version says as of which commit of the store it is in force.

import GRDB
public import VarveModel
import VarvePlatform
import VarveText

extension Registry {
    /// How many versions of a product's policy are kept; the oldest go first.
    public static let keptPolicies = 100

    /// The policy of a product; nil if none was ever set.
    ///
    /// - Throws: `notFound` if there is no such product.
    public func policy(ofProduct key: String) throws -> PolicyVersion? {
        try read { reading in
            guard try reading.product(key) != nil else { throw Self.noProduct(key) }
            return try reading.policies(of: key).first
        }
    }

    /// The versions of a product's policy, the newest first.
    ///
    /// - Throws: `notFound` if there is no such product.
    public func policyHistory(ofProduct key: String) throws -> [PolicyVersion] {
        try read { reading in
            guard try reading.product(key) != nil else { throw Self.noProduct(key) }
            return try reading.policies(of: key)
        }
    }

    /// Changes the policy of a product for what comes from now on; stored samples do not change.
    ///
    /// Durability: on disk when it returns. A policy that is in force already makes no new version.
    ///
    /// - Parameters:
    ///   - commit: The newest commit of the store.
    ///   - change: Gets the policy in force and changes it.
    /// - Returns: The version in force now.
    /// - Throws: `notFound` if there is no such product, or its model lacks a point; `invalid` for a policy that cannot be
    ///   carried out; what `change` throws. Then nothing is changed.
    @discardableResult
    public func changePolicy(
        ofProduct key: String, commit: UInt64, _ change: (inout ProductPolicy) throws -> Void
    ) throws -> PolicyVersion {
        try self.change { transaction in
            let current = try transaction.reading.policies(of: key).first
            var policy = current?.policy ?? ProductPolicy()
            try change(&policy)
            for index in policy.lines.indices {
                let line = policy.lines[index]
                if line.name?.sameBytes(as: line.point) == true { policy.lines[index].name = nil }
            }
            policy.lines.sort { Name($0.point) < Name($1.point) }
            let time = Timestamp(nanoseconds: SystemClock.nanoseconds())
            return try transaction.setPolicy(policy, of: key, after: current, commit: commit, at: time)
        }
    }

    /// Refuses the change of a point's type that a policy renames or whose values it changes.
    ///
    /// Values of the old and the new type would meet in its series. So would those of another point that a policy stores
    /// as this one, if it has not the new type.
    func checkPolicies(of products: [String], before point: String, becomes type: ValueType) throws {
        try read { reading in
            for key in products {
                guard let policy = try reading.policies(of: key).first?.policy else { continue }
                if let line = policy.line(of: point), line.changesSamples {
                    throw RegistryError(
                        .inUse,
                        "the policy of product \(RegistryNames.shown(key)) renames point \(RegistryNames.shown(point)) or "
                            + "changes its values: remove that first with varve policy set --remove")
                }
                guard let line = policy.lines.first(where: { $0.name?.sameBytes(as: point) == true }),
                    let model = try reading.product(key)?.model,
                    let source = try reading.point(line.point, of: model)?.point,
                    let obstacle = line.obstacle(source.type, source.rule, storedAs: type)
                else { continue }
                throw PolicyMisfit.error(key, line, obstacle)
            }
        }
    }

    /// A number that differs once a policy has been changed; see `PointDirectory`.
    public func policyVersion() throws -> UInt64 {
        // What was remembered of policies before is forgotten too.
        try refresh()
        return try read { try $0.policyVersion() }
    }

    /// What becomes of a point that is not registered yet; see `PointDirectory`.
    public func underPolicy(_ point: RegisteredPoint) throws -> PointLookup {
        try read { reading in
            guard let terms = try reading.policyTerms(of: point.key.product),
                let model = try reading.product(point.key.product)?.model
            else { return .found(point) }
            return try terms.answer(point) { name in
                try reading.point(name.text, of: model).map {
                    LookUpCache.PointRule(type: $0.point.type, rule: $0.point.rule)
                }
            }
        }
    }
}

/// A line of a policy that a change of the model would make impossible.
private enum PolicyMisfit {
    static func error(_ product: String, _ line: PointPolicy, _ obstacle: String) -> RegistryError {
        let (product, point) = (RegistryNames.shown(product), RegistryNames.shown(line.point))
        return RegistryError(
            .inUse,
            "the line of point \(point) in the policy of product \(product) would not fit any more: \(obstacle), or change "
                + "that line first with varve policy set \(product) --point \(point)")
    }
}

extension RegistryChange {
    /// Refuses points that were added or got another type or rule, if a line of a policy does not fit them.
    ///
    /// Cost: for each product of their models, one query and the lines of its policy.
    ///
    /// - Throws: `RegistryError` (`inUse`) with the product and the line.
    func checkPoliciesOfChangedPoints() throws {
        for (model, points) in changedPoints {
            try check(points, ofModel: model.text, against: policies(ofModel: model.text))
        }
    }

    /// The policies in force of the products of a model.
    func policies(ofModel model: String) throws -> [(product: String, policy: ProductPolicy)] {
        try reading.products(of: model).compactMap { key in
            try reading.newestPolicy(of: key).map { (key, $0.policy) }
        }
    }

    /// Refuses points if a line of a policy does not fit them.
    ///
    /// - Throws: `RegistryError` (`inUse`) with the product and the line.
    func check(
        _ points: Set<Name>, ofModel model: String,
        against policies: [(product: String, policy: ProductPolicy)]
    ) throws {
        for (key, policy) in policies {
            for line in policy.lines
            where points.contains(Name(line.point)) || points.contains(Name(line.storedName)) {
                guard let point = try reading.point(line.point, of: model)?.point else { continue }
                let target = try line.name.flatMap { try reading.point($0, of: model)?.point.type }
                if let obstacle = line.obstacle(point.type, point.rule, storedAs: target) {
                    throw PolicyMisfit.error(key, line, obstacle)
                }
            }
        }
    }

    /// Sets which of two different values a product keeps.
    ///
    /// What was taken before is no replay afterwards: all points of the product get marks that they never had.
    mutating func setDuplicates(_ duplicates: DuplicatePolicy, of key: String) throws -> Product {
        guard let old = try reading.product(key) else { throw Registry.noProduct(key) }
        guard old.duplicates != duplicates else { return old }
        try setPolicyEnd(of: key, try nextPolicyVersion(of: key))
        return try changeProduct(key) { $0.duplicates = duplicates }
    }

    private func nextPolicyVersion(of key: String) throws -> Int64 {
        max(try reading.newestPolicy(of: key)?.version ?? 0, try reading.policyEnd(of: key)) + 1
    }

    /// Adds a version to the policy of a product, and deletes the oldest one if there are too many.
    fileprivate mutating func setPolicy(
        _ policy: ProductPolicy, of key: String, after current: PolicyVersion?, commit: UInt64,
        at time: Timestamp
    ) throws -> PolicyVersion {
        guard let product = try reading.product(key) else { throw Registry.noProduct(key) }
        try policy.check(
            reading.policyModel(product.model), after: current?.policy ?? ProductPolicy())
        if let current, current.policy == policy { return current }
        let number = try nextPolicyVersion(of: key)
        let version = PolicyVersion(
            product: key, version: number, created: time, commit: commit, policy: policy)
        for old in try reading.policies(of: key).dropFirst(Registry.keptPolicies - 1) {
            try db.execute(
                sql: "DELETE FROM policy WHERE product = ? AND version = ?", arguments: [key, old.version])
            seal.remove(RowText.policy(old))
        }
        try db.execute(
            sql: "INSERT INTO policy (product, version, created, storecommit, text) VALUES (?, ?, ?, ?, ?)",
            arguments: [
                key, number, time.nanoseconds, Int64(bitPattern: commit), policy.json.line(),
            ])
        seal.add(RowText.policy(version))
        let marks = try reading.policyMarks(of: key)
        for point in policy.changedPoints(since: current?.policy ?? ProductPolicy()) {
            if let old = marks[Name(point)] { seal.remove(RowText.policyMark(key, point, old)) }
            try db.execute(
                sql: "INSERT OR REPLACE INTO policymark (product, point, version) VALUES (?, ?, ?)",
                arguments: [key, point, number])
            seal.add(RowText.policyMark(key, point, number))
        }
        return version
    }

    /// Deletes the policy of a product with all its versions, and keeps the number after the last one.
    mutating func deletePolicy(of key: String) throws {
        let versions = try reading.policies(of: key)
        for old in versions { seal.remove(RowText.policy(old)) }
        if try !versions.isEmpty || reading.policyEnd(of: key) > 0 {
            try setPolicyEnd(of: key, try nextPolicyVersion(of: key))
        }
        for (point, version) in try reading.policyMarks(of: key) {
            seal.remove(RowText.policyMark(key, point.text, version))
        }
        try db.execute(sql: "DELETE FROM policy WHERE product = ?", arguments: [key])
        try db.execute(sql: "DELETE FROM policymark WHERE product = ?", arguments: [key])
    }

    private mutating func setPolicyEnd(of key: String, _ version: Int64) throws {
        let old = try reading.policyEnd(of: key)
        if old > 0 { seal.remove(RowText.policyEnd(key, old)) }
        try db.execute(
            sql: "INSERT OR REPLACE INTO policyend (product, version) VALUES (?, ?)",
            arguments: [key, version])
        seal.add(RowText.policyEnd(key, version))
    }
}

extension RegistryReading {
    /// The versions of a product's policy, the newest first.
    func policies(of product: String) throws -> [PolicyVersion] {
        try policies("WHERE product = ? ORDER BY version DESC", [product])
    }

    /// The policy of a product that is in force.
    func newestPolicy(of product: String) throws -> PolicyVersion? {
        try policies("WHERE product = ? ORDER BY version DESC LIMIT 1", [product]).first
    }

    /// The policies in force, by product.
    func currentPolicies() throws -> [Name: ProductPolicy] {
        let newest = "WHERE version = (SELECT MAX(version) FROM policy p WHERE p.product = policy.product)"
        return try policies(newest, []).reduce(into: [:]) { $0[Name($1.product)] = $1.policy }
    }

    private func policies(_ condition: String, _ arguments: StatementArguments) throws -> [PolicyVersion] {
        guard try hasTable("policy") else { return [] }
        let sql = "SELECT product, version, created, storecommit, text FROM policy \(condition)"
        return try Row.fetchAll(db, sql: sql, arguments: arguments).map(policy)
    }

    private func policy(_ row: Row) throws -> PolicyVersion {
        let text = try text(row, 4)
        // The seal covers the text as Varve writes it.
        guard let policy = try? ProductPolicy(json: Array(text.utf8)), policy.json.line() == text else {
            throw unknownContent("a policy")
        }
        return try PolicyVersion(
            product: self.text(row, 0), version: number(row, 1),
            created: Timestamp(nanoseconds: number(row, 2)),
            commit: UInt64(bitPattern: number(row, 3)), policy: policy)
    }

    /// The versions at which what points store last changed, by point.
    func policyMarks(of product: String) throws -> [Name: Int64] {
        guard try hasTable("policymark") else { return [:] }
        return try Row.fetchAll(
            db, sql: "SELECT point, version FROM policymark WHERE product = ?", arguments: [product]
        ).reduce(into: [:]) { try $0[Name(text($1, 0))] = number($1, 1) }
    }

    /// The policy of a product for look-ups; nil if none was ever set, also not for an earlier product of this key.
    func policyTerms(of product: String) throws -> PolicyTerms? {
        let newest = try newestPolicy(of: product)
        let end = try policyEnd(of: product)
        guard newest != nil || end > 0 else { return nil }
        return PolicyTerms(
            newest?.policy ?? ProductPolicy(), product: product, marks: try policyMarks(of: product),
            least: end)
    }

    /// A number that no version after it has: the latest change of the rule for duplicates, or the end of an earlier product
    /// of this key, took it; 0 if there was none.
    func policyEnd(of product: String) throws -> Int64 {
        guard try hasTable("policyend") else { return 0 }
        return try Int64.fetchOne(
            db.cachedStatement(sql: "SELECT version FROM policyend WHERE product = ?"), arguments: [product]
        ) ?? 0
    }

    /// A number that differs once a policy, or a rule for duplicates, has been changed.
    func policyVersion() throws -> UInt64 {
        var sum: UInt64 = 0
        for (table, version) in [("policy", "MAX(version)"), ("policyend", "version")]
        where try hasTable(table) {
            let rows = try Row.fetchAll(
                db, sql: "SELECT product, \(version) FROM \(table) GROUP BY product ORDER BY product")
            for row in rows {
                var bytes = Array(try text(row, 0).utf8)
                withUnsafeBytes(of: try number(row, 1).littleEndian) { bytes.append(contentsOf: $0) }
                if table == "policyend" { bytes.append(0) }
                sum &+= CRC64.checksum(bytes)
            }
        }
        return sum
    }

    /// What a policy needs to know of a model.
    fileprivate func policyModel(_ id: String) throws -> PolicyModel {
        var model = PolicyModel(id: id, takesOthers: false, points: [:])
        model.takesOthers = try modelRow(id)?.isPassThrough ?? false
        for point in try points(of: id) {
            model.points[Name(point.id)] = LookUpCache.PointRule(type: point.type, rule: point.rule)
        }
        for feature in try features(of: id) {
            model.points[Name(feature.reserved.name)] = LookUpCache.PointRule(type: .json)
        }
        return model
    }

    /// Passes the rows of policies to `body`, in the order of their products, versions and points.
    func forEachPolicyRow(_ body: ([UInt8]) throws -> Void) throws {
        for version in try policies("ORDER BY product, version", []) { try body(RowText.policy(version)) }
        guard try hasTable("policymark") else { return }
        let marks = try Row.fetchCursor(
            db, sql: "SELECT product, point, version FROM policymark ORDER BY product, point")
        while let row = try marks.next() {
            try body(RowText.policyMark(text(row, 0), text(row, 1), number(row, 2)))
        }
        guard try hasTable("policyend") else { return }
        let ends = try Row.fetchCursor(db, sql: "SELECT product, version FROM policyend ORDER BY product")
        while let row = try ends.next() { try body(RowText.policyEnd(text(row, 0), number(row, 1))) }
    }
}
