// swift-tools-version: 6.2
//
// Measurements of Varve, apart from it so that its users and its tests never build them.
// How to run and to read: README.md.

import PackageDescription

let package = Package(
    name: "varve-benchmarks",
    dependencies: [.package(name: "varve", path: "..")],
    targets: [
        .executableTarget(
            name: "VarveBenchmarks",
            dependencies: [
                .product(name: "VarveStorage", package: "varve"),
                .product(name: "VarveTransfer", package: "varve"),
                .product(name: "VarveProbe", package: "varve"),
            ],
            swiftSettings: [
                .treatAllWarnings(as: .error),
                .enableUpcomingFeature("ExistentialAny"),
                .enableUpcomingFeature("InternalImportsByDefault"),
                .enableUpcomingFeature("MemberImportVisibility"),
            ])
    ],
    swiftLanguageModes: [.v6])
