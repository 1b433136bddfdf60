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

    /// Refuses the change of a point's type that a policy renames or whose values it changes: values of the old and the new
    /// type would meet in its series.
    func checkPolicies(of products: [String], before point: String) throws {
        for key in products {
            guard let line = try policy(ofProduct: key)?.policy.line(of: point),
                line.name != nil || !line.processing.isIdentity
            else { continue }
            throw RegistryError(
                .inUse,
                "the policy of product \(RegistryNames.shown(key)) renames point \(RegistryNames.shown(point)) or changes its "
                    + "values: remove that first with varve policy set --remove")
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
        try read { try $0.policyTerms(of: point.key.product)?.answer(point) ?? .found(point) }
    }
}

extension RegistryChange {
    /// Adds a version to the policy of a product, and deletes the oldest one if there are too many.
    fileprivate mutating func setPolicy(
        _ policy: ProductPolicy, of key: String, after current: PolicyVersion?, commit: UInt64,
        at time: Timestamp
    ) throws -> PolicyVersion {
        guard let product = try reading.product(key) else { throw Registry.noProduct(key) }
        try policy.check(reading.policyModel(product.model))
        if let current, current.policy == policy { return current }
        let number = max(current?.version ?? 0, try reading.policyEnd(of: key)) + 1
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
        if let last = versions.first { try setPolicyEnd(of: key, last.version + 1) }
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
        let newest = try policies("WHERE product = ? ORDER BY version DESC LIMIT 1", [product]).first
        let end = try policyEnd(of: product)
        guard newest != nil || end > 0 else { return nil }
        return PolicyTerms(
            newest?.policy ?? ProductPolicy(), product: product, marks: try policyMarks(of: product),
            least: end)
    }

    /// The number after the last version that an earlier product of this key had; 0 if it had none.
    func policyEnd(of product: String) throws -> Int64 {
        guard try hasTable("policyend") else { return 0 }
        return try Int64.fetchOne(
            db.cachedStatement(sql: "SELECT version FROM policyend WHERE product = ?"), arguments: [product]
        ) ?? 0
    }

    /// A number that differs once a policy has been added.
    func policyVersion() throws -> UInt64 {
        guard try hasTable("policy") else { return 0 }
        let rows = try Row.fetchAll(
            db, sql: "SELECT product, MAX(version) FROM policy GROUP BY product ORDER BY product")
        return try rows.reduce(into: 0) { sum, row in
            var bytes = Array(try text(row, 0).utf8)
            withUnsafeBytes(of: try number(row, 1).littleEndian) { bytes.append(contentsOf: $0) }
            sum &+= CRC64.checksum(bytes)
        }
    }

    /// What a policy needs to know of a model.
    fileprivate func policyModel(_ id: String) throws -> PolicyModel {
        var model = PolicyModel(id: id, takesOthers: false, types: [:], codes: [:])
        model.takesOthers = try modelRow(id)?.isPassThrough ?? false
        for point in try points(of: id) {
            model.types[Name(point.id)] = point.type
            switch point.rule {
            case .integerEnumeration: model.codes[Name(point.id)] = "an ENUM"
            case .timestamp: model.codes[Name(point.id)] = "a TIMESTAMP"
            default: break
            }
        }
        for feature in try features(of: id) { model.types[Name(feature.reserved.name)] = .json }
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
