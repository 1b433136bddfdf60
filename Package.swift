// swift-tools-version: 6.2
//
// The targets are in dependency order. A target imports only the targets in its own list, all of which are above it.
// `swift build --explicit-target-dependency-import-check error` (see Tools/check) checks that.

import PackageDescription

/// Settings of every Swift target: Swift 6 mode, warnings are errors, imports are internal unless they say otherwise.
let settings: [SwiftSetting] = [
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

let package = Package(
    name: "varve",
    products: [
        .executable(name: "varve", targets: ["varve"]),
        .executable(name: "varved", targets: ["varved"]),
        // The process in which a parsing script runs.
        .executable(name: "VarveScriptRunner", targets: ["VarveScriptRunner"]),
        // The library that mosquitto loads to check logins and topic rights.
        .library(name: "VarveBrokerPlugin", type: .dynamic, targets: ["VarveBrokerPlugin"]),
        .library(
            name: "VarveStorage",
            targets: [
                "VarveModel", "VarveText", "VarveFile", "VarvePlatform", "VarveCodec", "VarveSegment",
                "VarveStorage", "VarveQuery",
            ]),
        .library(name: "VarveTransfer", targets: ["VarveTransfer"]),
        // The reference sender, for third-party systems that want to send from their own program.
        .library(
            name: "VarvePublisher",
            targets: ["VarveModel", "VarveText", "VarveFile", "VarveTransfer", "VarvePublisher"]),
        // Not API: it gives the package in Benchmarks/ access to internals that it measures.
        .library(name: "VarveProbe", targets: ["VarveProbe", "VarveMQTT", "VarveScript"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", exact: "2.13.0"),
        .package(url: "https://github.com/apple/swift-configuration", exact: "1.4.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", exact: "2.13.0"),
    ],
    targets: [
        // C libraries of the system, each with a module map and one header.
        .systemLibrary(name: "CLZ4", pkgConfig: "liblz4", providers: [.apt(["liblz4-dev"])]),
        .systemLibrary(name: "CXXHash", pkgConfig: "libxxhash", providers: [.apt(["libxxhash-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
        .systemLibrary(name: "CCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CCertificate", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(
            name: "CMosquitto", pkgConfig: "libmosquitto", providers: [.apt(["libmosquitto-dev"])]),
        .systemLibrary(name: "CMosquittoBroker", providers: [.apt(["mosquitto-dev"])]),
        .systemLibrary(
            name: "CJavaScriptCore", pkgConfig: "javascriptcoregtk-4.1",
            providers: [.apt(["libjavascriptcoregtk-4.1-dev"])]),
        .systemLibrary(name: "CProcess"),
        .systemLibrary(name: "CConfinement"),

        // Values, and the protocols through which modules work together that do not import each other.
        .target(name: "VarveModel", swiftSettings: settings),
        // Text: JSON, CSV, numbers, times and durations in and out, and rows of samples.
        .target(name: "VarveText", dependencies: ["VarveModel"], swiftSettings: settings),
        // The disk: the only place that opens, writes, syncs or renames a file.
        .target(name: "VarveFile", swiftSettings: settings),
        // The machine: threads, waiting, sockets, clocks, processes.
        .target(
            name: "VarvePlatform", dependencies: ["VarveFile", "CProcess"], swiftSettings: settings),
        // What service, plugin, registry and senders have agreed on: names, topics, reports.
        .target(name: "VarveChannel", swiftSettings: settings),
        // Columns to bytes and back.
        .target(name: "VarveCodec", dependencies: ["CLZ4", "CXXHash", "CZlib"], swiftSettings: settings),
        // The files below the manifest: segments with their index, receipts, messages.
        .target(
            name: "VarveSegment", dependencies: ["VarveModel", "VarveText", "VarveFile", "VarveCodec"],
            swiftSettings: settings),
        // The store: commit, WAL, manifest, compaction, deletion, recovery, backup.
        .target(
            name: "VarveStorage",
            dependencies: [
                "VarveModel", "VarveText", "VarveFile", "VarvePlatform", "VarveCodec", "VarveSegment",
            ],
            swiftSettings: settings),
        // Queries of one state of a store: samples, aggregates, fills, digests.
        .target(
            name: "VarveQuery",
            dependencies: ["VarveModel", "VarveText", "VarveCodec", "VarveSegment", "VarveStorage"],
            swiftSettings: settings),
        // Models, products, devices, channels and scripts, in SQLite.
        .target(
            name: "VarveRegistry",
            dependencies: [
                "VarveModel", "VarveText", "VarveFile", "VarvePlatform", "VarveChannel",
                .product(name: "GRDB", package: "GRDB.swift"),
            ],
            swiftSettings: settings),
        // Files in and out: CSV and NDJSON.
        .target(
            name: "VarveTransfer",
            dependencies: [
                "VarveModel", "VarveText", "VarveFile", "VarvePlatform", "VarveCodec", "CZstd",
            ],
            swiftSettings: settings),
        // What the broker's plugin and the service share: credentials, signatures, topic rights, login events.
        .target(
            name: "VarveAccess",
            dependencies: [
                "VarveModel", "VarveText", "VarveFile", "VarvePlatform", "VarveChannel", "VarveCodec",
                "CCrypto", "CCertificate",
            ],
            swiftSettings: settings),
        // The library that mosquitto loads.
        .target(
            name: "VarveBrokerPlugin",
            dependencies: [
                "VarveModel", "VarveFile", "VarvePlatform", "VarveChannel", "VarveAccess", "CMosquittoBroker",
            ],
            swiftSettings: settings),
        // What happened on the channels, in SQLite.
        .target(
            name: "VarveMessageLog",
            dependencies: [
                "VarveModel", "VarveFile", "VarvePlatform",
                .product(name: "GRDB", package: "GRDB.swift"),
            ],
            swiftSettings: settings),
        // An MQTT client whose user decides when a message is acknowledged.
        .target(name: "VarveMQTT", dependencies: ["CMosquitto"], swiftSettings: settings),
        // The protocol between the commands and a running service, over `control.sock`.
        .target(
            name: "VarveControl",
            dependencies: ["VarveModel", "VarveText", "VarveFile", "VarvePlatform", "VarveCodec"],
            swiftSettings: settings),
        // Parsing scripts of products: their processes, and the conversation with these.
        .target(
            name: "VarveScript", dependencies: ["VarveText", "VarveFile", "VarvePlatform", "VarveCodec"],
            swiftSettings: settings),
        // The process of a script, which alone links the JavaScript engine.
        .executableTarget(
            name: "VarveScriptRunner",
            dependencies: [
                "VarveFile", "VarvePlatform", "VarveScript", "CJavaScriptCore", "CConfinement",
            ],
            swiftSettings: settings),
        // The reference sender.
        .target(
            name: "VarvePublisher",
            dependencies: [
                "VarveModel", "VarveText", "VarveFile", "VarvePlatform", "VarveChannel", "VarveCodec",
                "VarveTransfer",
                "VarveAccess", "VarveMQTT",
            ],
            swiftSettings: settings),
        // The offline channel: messages in, answers out.
        .target(
            name: "VarveIntegration",
            dependencies: [
                "VarveModel", "VarveText", "VarveFile", "VarvePlatform", "VarveChannel", "VarveCodec",
                "VarveAccess", "VarveMQTT", "VarveScript",
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: settings),
        // The service: configuration, wiring, start and stop.
        .target(
            name: "VarveServer",
            dependencies: [
                "VarveModel", "VarveText", "VarveFile", "VarvePlatform", "VarveChannel", "VarveCodec",
                "VarveSegment", "VarveStorage", "VarveRegistry", "VarveAccess", "VarveMessageLog",
                "VarveMQTT", "VarveControl", "VarveScript",
                "VarveIntegration",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "CoreMetrics", package: "swift-metrics"),
                .product(name: "Configuration", package: "swift-configuration"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            swiftSettings: settings),
        .executableTarget(
            name: "varved",
            dependencies: [
                "VarveModel", "VarveText", "VarveFile", "VarveServer",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: settings),
        // Public access to internals, for Benchmarks/ only.
        .target(
            name: "VarveProbe",
            dependencies: [
                "VarveModel", "VarveFile", "VarvePlatform", "VarveCodec", "VarveStorage", "VarveQuery",
                "VarveAccess",
            ],
            swiftSettings: settings),
        // The small tool: commands and output only.
        .executableTarget(
            name: "varve",
            dependencies: [
                "VarveModel", "VarveText", "VarveFile", "VarvePlatform", "VarveChannel", "VarveSegment",
                "VarveStorage", "VarveQuery", "VarveRegistry",
                "VarveTransfer", "VarveAccess", "VarveMessageLog",
                "VarveControl", "VarveScript", "VarvePublisher",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: settings),

        // What tests share: random numbers, failing disks, a broker, fakes. Only test targets depend on it.
        .target(
            name: "VarveTestSupport", dependencies: ["VarveModel", "VarveFile"],
            path: "Tests/VarveTestSupport", exclude: ["exact_sums.py", "exact_sums.txt"],
            swiftSettings: settings),
        .testTarget(
            name: "VarveCodecTests", dependencies: ["VarveTestSupport", "VarveCodec"], swiftSettings: settings
        ),
        .testTarget(
            name: "VarveSegmentTests",
            dependencies: ["VarveTestSupport", "VarveSegment", "VarveModel", "VarveFile", "VarveCodec"],
            swiftSettings: settings),
        .testTarget(
            name: "VarveStorageTests",
            dependencies: [
                "VarveTestSupport",
                "VarveSegment", "VarveStorage", "VarveQuery", "VarveModel", "VarveText", "VarveFile",
                "VarveCodec",
            ],
            exclude: ["Fixtures", "Independent"], swiftSettings: settings),
        .testTarget(
            name: "VarveQueryTests",
            dependencies: [
                "VarveTestSupport", "VarveSegment", "VarveStorage", "VarveQuery", "VarveModel", "VarveText",
                "VarveFile", "VarveCodec",
            ],
            resources: [.copy("Aggregation/Fixtures")], swiftSettings: settings),
        .testTarget(
            name: "VarveRegistryTests",
            dependencies: [
                "VarveTestSupport",
                "VarveModel", "VarveText", "VarveRegistry", .product(name: "GRDB", package: "GRDB.swift"),
            ],
            swiftSettings: settings),
        .testTarget(
            name: "VarveMessageLogTests",
            dependencies: [
                "VarveTestSupport",
                "VarveModel", "VarveFile", "VarveMessageLog", .product(name: "GRDB", package: "GRDB.swift"),
            ],
            swiftSettings: settings),
        .testTarget(name: "VarveModelTests", dependencies: ["VarveModel"], swiftSettings: settings),
        .testTarget(
            name: "VarveTextTests", dependencies: ["VarveTestSupport", "VarveModel", "VarveText"],
            swiftSettings: settings),
        .testTarget(
            name: "VarveAccessTests",
            dependencies: ["VarveAccess", "VarveChannel", "VarveFile", "VarveTestSupport"],
            swiftSettings: settings),
        // The built plugin in a real broker.
        .testTarget(
            name: "BrokerPluginTests",
            dependencies: [
                "VarveTestSupport", "VarveAccess", "VarveChannel", "VarveModel", "VarveFile", "VarvePlatform",
                "VarveMQTT",
            ],
            swiftSettings: settings),
        .testTarget(
            name: "VarveFileTests", dependencies: ["VarveTestSupport", "VarveFile"], swiftSettings: settings),
        .testTarget(
            name: "VarvePlatformTests", dependencies: ["VarveTestSupport", "VarvePlatform", "VarveFile"],
            swiftSettings: settings),
        .testTarget(name: "VarveChannelTests", dependencies: ["VarveChannel"], swiftSettings: settings),
        .testTarget(name: "VarveMQTTTests", dependencies: ["VarveMQTT"], swiftSettings: settings),
        .testTarget(
            name: "VarveControlTests",
            dependencies: [
                "VarveTestSupport", "VarveControl", "VarveModel", "VarveFile", "VarvePlatform", "VarveCodec",
            ],
            swiftSettings: settings),
        // Scripts in the built runner.
        .testTarget(
            name: "VarveScriptTests",
            dependencies: [
                "VarveTestSupport", "VarveScript", "VarvePlatform", "VarveFile", "VarveCodec", "VarveText",
            ],
            swiftSettings: settings),
        .testTarget(
            name: "VarveServerTests",
            dependencies: [
                "VarveTestSupport",
                "VarveServer", "VarveModel", "VarveFile", "VarvePlatform", "VarveChannel", "VarveRegistry",
                "VarveSegment", "VarveStorage", "VarveQuery", "VarveAccess", "VarveMessageLog",
                .product(name: "CoreMetrics", package: "swift-metrics"),
            ],
            swiftSettings: settings),
        .testTarget(
            name: "VarveTransferTests",
            dependencies: [
                "VarveTestSupport", "VarveModel", "VarveText", "VarveFile", "VarvePlatform", "VarveTransfer",
            ],
            swiftSettings: settings),
        .testTarget(
            name: "VarvePublisherTests",
            dependencies: [
                "VarveTestSupport",
                "varve", "VarveModel", "VarveText", "VarveFile", "VarvePlatform", "VarveChannel",
                "VarveCodec",
                "VarveTransfer", "VarveMQTT", "VarvePublisher",
            ],
            swiftSettings: settings),
        .testTarget(
            name: "VarveIntegrationTests",
            dependencies: [
                "VarveTestSupport",
                "VarveModel", "VarveFile", "VarvePlatform", "VarveChannel", "VarveCodec", "VarveAccess",
                "VarveMQTT", "VarveScript", "VarveIntegration",
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: settings),
        .testTarget(
            name: "varveTests",
            dependencies: [
                "VarveTestSupport",
                "varve", "VarveModel", "VarveText", "VarveChannel", "VarveRegistry", "VarveSegment",
                "VarveStorage", "VarveQuery",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: settings),
        // What the fuzzer found, and the targets it runs (see Tools/fuzz).
        .testTarget(
            name: "FuzzTests",
            dependencies: [
                "VarveModel", "VarveText", "VarveFile", "VarveCodec", "VarveSegment", "VarveStorage",
            ],
            exclude: ["Findings"], swiftSettings: settings),
        // The rules of the source tree; imports no module of it.
        .testTarget(name: "TidyTests", swiftSettings: settings),
        // The built programs, run as a user runs them.
        .testTarget(
            name: "EndToEndTests",
            dependencies: [
                "VarveTestSupport",
                "varve", "VarveModel", "VarveText", "VarveFile", "VarvePlatform", "VarveSegment",
                "VarveStorage", "VarveQuery",
                "VarveControl",
                "VarveServer",
                "VarveMessageLog", "VarveRegistry", "varved",
            ],
            resources: [
                .copy("Independent"), .copy("Shims"), .copy("Clients"), .copy("Conformance"),
            ], swiftSettings: settings),
    ],
    swiftLanguageModes: [.v6])
