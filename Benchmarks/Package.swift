// swift-tools-version: 6.2
//
// The benchmarks are a package of their own, so that users and tests of Varve never build them. README.md
// says how to run and to read them.

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
