// PayloadScripts.swift — scripts by the names of products, for callers that do not know where scripts are kept.

/// Has payloads of products decoded, and answers encoded.
public protocol PayloadScripts: Sendable {
    /// Calls a function of a product's script for each payload.
    ///
    /// Blocks until all results are there.
    ///
    /// - Returns: One entry for each payload: its result, or the reason why it failed.
    /// - Throws: Errors that neither the script nor a payload caused: no process can be started, or the script cannot be
    ///   read.
    func call(
        _ function: ScriptFunction, ofProduct product: String, _ payloads: [[UInt8]]
    ) throws -> [Result<[UInt8], ScriptFailure>]
}

/// The scripts that a function returns, run by a pool.
public struct ProductScripts: PayloadScripts {
    private let pool: ScriptPool
    private let text: @Sendable (String) throws -> String?

    /// - Parameters:
    ///   - pool: Runs the scripts.
    ///   - text: Returns the current script of a product, or nil if the product has no script. It is called for each call.
    public init(_ pool: ScriptPool, text: @escaping @Sendable (String) throws -> String?) {
        self.pool = pool
        self.text = text
    }

    /// Calls a function of a product's script for each payload.
    ///
    /// - Throws: `LaunchFailure`, and what the function that tells scripts throws.
    public func call(
        _ function: ScriptFunction, ofProduct product: String, _ payloads: [[UInt8]]
    ) throws -> [Result<[UInt8], ScriptFailure>] {
        guard let text = try text(product) else {
            let failure = ScriptFailure(.noScript, "the product has no script: set one with varve script set")
            return payloads.map { _ in .failure(failure) }
        }
        return try pool.call(function, of: ParsingScript(product: product, text: text), payloads)
    }
}
