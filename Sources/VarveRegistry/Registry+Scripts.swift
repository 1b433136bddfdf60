// Registry+Scripts.swift — the parsing scripts of products, with their versions.
//
// Invariants:
// - A version is never changed. A roll-back is a new version with the text of an older one.
// - A script is deleted with its product.

import Synchronization
import VarveModel

extension Registry {
    /// How many versions of a product's script are kept; the oldest go first.
    public static let keptScripts = 100

    /// The most bytes of a script.
    public static let maximumScriptBytes = 1 << 20

    /// Makes a text the script of a product.
    ///
    /// The registry does not know JavaScript: check the text first. A text that is in use already makes no new version.
    ///
    /// - Returns: The version in use now.
    /// - Throws: `notFound` if there is no such product; `invalid` if its messages are JSON, or the text is empty, too
    ///   large or has a zero byte.
    @discardableResult
    public func setScript(_ text: String, ofProduct key: String) throws -> ScriptVersion {
        try change { change in
            if let current = try change.reading.script(of: key), current.text == text { return current }
            return try change.addScript(text, to: key, restores: nil, at: Self.now)
        }
    }

    /// Makes the text of an older version the script of a product again.
    ///
    /// - Parameter version: The version; nil for the one before the version in use.
    /// - Returns: The new version.
    /// - Throws: `notFound` if there is no such product, or no such version.
    @discardableResult
    public func restoreScript(ofProduct key: String, version: Int64? = nil) throws -> ScriptVersion {
        try change { change in
            let history = try change.reading.scriptVersions(of: key)
            guard let current = history.first else { throw Self.noScript(key) }
            guard let wanted = version ?? history.dropFirst().first else {
                throw RegistryError(
                    .notFound,
                    "product \(RegistryNames.shown(key)) has one version of its script: there is no other")
            }
            guard let old = try change.reading.script(of: key, version: wanted) else {
                throw RegistryError(
                    .notFound,
                    "product \(RegistryNames.shown(key)) has no version \(wanted) of its script: see varve script history"
                )
            }
            guard wanted != current else { return old }
            return try change.addScript(old.text, to: key, restores: wanted, at: Self.now)
        }
    }

    /// The script of a product, or one of its versions; nil if the product has none.
    ///
    /// - Throws: `notFound` if there is no such product.
    public func script(ofProduct key: String, version: Int64? = nil) throws -> ScriptVersion? {
        try read { reading in
            guard try reading.product(key) != nil else { throw Self.noProduct(key) }
            return try reading.script(of: key, version: version)
        }
    }

    /// All versions of a product's script that are kept, the newest first.
    ///
    /// - Throws: `notFound` if there is no such product.
    public func scripts(ofProduct key: String) throws -> [ScriptVersion] {
        try read { reading in
            guard try reading.product(key) != nil else { throw Self.noProduct(key) }
            return try reading.scripts(of: key)
        }
    }

    /// A function that returns the text of a product's script, nil if it has none, and reads it again only if the
    /// registry has changed.
    ///
    /// Cost of a call: one small query if nothing has changed. Holds the texts in memory.
    public var currentScripts: @Sendable (String) throws -> String? {
        let memory = ScriptMemory()
        return { try memory.text(of: $0, in: self) }
    }

    static func noScript(_ product: String) -> RegistryError {
        RegistryError(
            .notFound, "product \(RegistryNames.shown(product)) has no script: set one with varve script set")
    }
}

/// The scripts of products as they were last read.
private final class ScriptMemory: Sendable {
    private struct Known {
        var generation: UInt64
        var texts: [String: String?] = [:]
    }

    private let known = Mutex<Known?>(nil)

    func text(of product: String, in registry: Registry) throws -> String? {
        try known.withLock { known in
            // Read before the script: a change in between is then seen by the next call.
            let generation = try registry.generation()
            if known?.generation != generation { known = Known(generation: generation) }
            if let text = known?.texts[product] { return text }
            let text = try registry.read { try $0.script(of: product)?.text }
            known?.texts[product] = .some(text)
            return text
        }
    }
}
