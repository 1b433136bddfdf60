// ImportRules.swift — what each module may import.

enum ImportRules {
    /// Our modules, with all modules, C libraries and packages that each may import.
    ///
    /// Package.swift repeats this contract.
    static let direction: [String: Set<String>] = [
        "VarveModel": [],
        "VarveText": ["VarveModel"],
        "VarveFile": [],
        "VarvePlatform": ["VarveFile", "CProcess"],
        "VarveChannel": [],
        "VarveCodec": ["CLZ4", "CXXHash", "CZlib"],
        "VarveSegment": ["VarveModel", "VarveText", "VarveFile", "VarveCodec"],
        "VarveStorage": [
            "VarveModel", "VarveText", "VarveFile", "VarvePlatform", "VarveCodec", "VarveSegment",
        ],
        "VarveQuery": ["VarveModel", "VarveText", "VarveCodec", "VarveSegment", "VarveStorage"],
        "VarveRegistry": ["VarveModel", "VarveText", "VarveFile", "VarvePlatform", "VarveChannel", "GRDB"],
        "VarveTransfer": [
            "VarveModel", "VarveText", "VarveFile", "VarvePlatform", "VarveCodec", "CZstd",
        ],
        "VarveAccess": [
            "VarveModel", "VarveText", "VarveFile", "VarvePlatform", "VarveChannel", "VarveCodec", "CCrypto",
            "CCertificate",
        ],
        "VarveBrokerPlugin": [
            "VarveModel", "VarveFile", "VarvePlatform", "VarveChannel", "VarveAccess", "CMosquittoBroker",
        ],
        "VarveMessageLog": ["VarveModel", "VarveFile", "VarvePlatform", "GRDB"],
        "VarveMQTT": ["CMosquitto"],
        "VarveControl": ["VarveModel", "VarveText", "VarveFile", "VarvePlatform", "VarveCodec"],
        "VarveScript": ["VarveText", "VarveFile", "VarvePlatform", "VarveCodec"],
        "VarveScriptRunner": [
            "VarveFile", "VarvePlatform", "VarveScript", "CJavaScriptCore", "CConfinement",
        ],
        "VarvePublisher": [
            "VarveModel", "VarveText", "VarveFile", "VarvePlatform", "VarveChannel", "VarveCodec",
            "VarveTransfer",
            "VarveAccess", "VarveMQTT",
        ],
        "VarveIntegration": [
            "VarveModel", "VarveText", "VarveFile", "VarvePlatform", "VarveChannel", "VarveCodec",
            "VarveAccess", "VarveMQTT", "VarveScript", "Logging",
        ],
        "VarveServer": [
            "VarveModel", "VarveText", "VarveFile", "VarvePlatform", "VarveChannel", "VarveCodec",
            "VarveSegment", "VarveStorage", "VarveRegistry", "VarveAccess", "VarveMessageLog", "VarveMQTT",
            "VarveControl", "VarveScript", "VarveIntegration", "Logging", "Configuration", "CoreMetrics",
            "ServiceLifecycle",
            "UnixSignals",
        ],
        "varved": ["VarveModel", "VarveText", "VarveFile", "VarveServer", "ArgumentParser"],
        // Not part of the product: what tests have in common.
        "VarveTestSupport": ["VarveModel", "VarveFile"],
        // Not part of the product: what Benchmarks/ measures inside it.
        "VarveProbe": [
            "VarveModel", "VarveFile", "VarvePlatform", "VarveCodec", "VarveStorage", "VarveQuery",
            "VarveAccess",
        ],
        "varve": [
            "VarveModel", "VarveText", "VarveFile", "VarvePlatform", "VarveChannel", "VarveSegment",
            "VarveStorage", "VarveQuery", "VarveRegistry", "VarveTransfer", "VarveAccess", "VarveMessageLog",
            "VarveControl", "VarveScript", "VarvePublisher", "ArgumentParser",
        ],
    ]

    /// The modules of the toolchain and the system.
    static let system: Set<String> = ["Foundation", "Glibc", "Synchronization"]

    /// Modules that do not use Foundation, for size and speed.
    static let lean: Set<String> = [
        "VarveModel", "VarveText", "VarveFile", "VarvePlatform", "VarveChannel", "VarveCodec", "VarveSegment",
        "VarveStorage", "VarveQuery", "VarveTransfer", "VarveAccess", "VarveBrokerPlugin", "VarveMQTT",
        "VarveControl", "VarveScript", "VarveScriptRunner", "VarvePublisher",
        "VarveIntegration",
    ]

    /// A module imports only what the table allows.
    static func direction(_ file: SourceFile) -> [Violation] {
        guard let module = file.module, file.isSwift else { return [] }
        guard let allowed = direction[module] else {
            return [Violation(path: file.path, line: 0, reason: "the module \(module) is not in the table")]
        }
        return file.imports.filter { !allowed.contains($0.module) && !system.contains($0.module) }
            .map { Violation(path: file.path, line: $0.line, reason: "\(module) imports \($0.module)") }
    }

    static func foundation(_ file: SourceFile) -> [Violation] {
        guard let module = file.module, lean.contains(module) else { return [] }
        return file.imports.filter { $0.module.hasPrefix("Foundation") }
            .map { Violation(path: file.path, line: $0.line, reason: "\(module) imports \($0.module)") }
    }

    /// One file imports each C library, so that only this file knows its calls.
    static func singleImporter(_ files: [SourceFile], of library: String) -> [Violation] {
        let importers = files.filter { file in
            file.module != nil && file.imports.contains { $0.module == library }
        }
        guard importers.count != 1 else { return [] }
        let names = importers.map(\.path).joined(separator: ", ")
        return [
            Violation(
                path: "Sources", line: 0, reason: "\(library) has \(importers.count) importers: \(names)")
        ]
    }
}
