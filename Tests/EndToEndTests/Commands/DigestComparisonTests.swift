// DigestComparisonTests.swift — `varve digest --compare` of an imported file says "equal" for every kind of input.

import Foundation
import Testing
import VarveTestSupport

/// One kind of input: what is set up, what is imported, and how many samples are then compared.
struct DigestKind: Sendable, CustomTestStringConvertible {
    var name: String
    var setUp: [[String]] = []
    var file = "a.csv"
    var lines: [String]
    var options: [String] = []
    /// Further options of the import.
    var imports: [String] = []
    var samples: Int
    var rejected = 0
    var unknown = 0
    var skipped = 0
    var expired = 0

    var testDescription: String { name }

    /// Commands that create device A of product P, whose model has these points.
    static func model(_ points: String..., device: [String] = []) -> [[String]] {
        [
            ["model", "create", "M"] + points.flatMap { ["--point", $0] },
            ["product", "create", "P", "--model", "M"],
            ["device", "create", "A", "--product", "P"] + device,
        ]
    }

    private static let header = "device,point,time,value,quality"

    static func rows(_ values: [String], point: String = "p", device: String = "A") -> [String] {
        [header]
            + values.enumerated().map { "\(device),\(point),\(1_700_000_000 + $0.offset),\($0.element)" }
    }

    static let kinds: [DigestKind] = [
        DigestKind(
            name: "truth values", setUp: model("p:bool:quality"),
            lines: rows(["true,0", "FALSE,0", "1,", "0,", "True,"]), samples: 5),
        DigestKind(
            name: "texts that look like numbers", lines: rows(["007,0", "1.10,0", "1e3,", "-0,"]),
            imports: ["--register", "--type", "p=string"], samples: 4),
        DigestKind(
            name: "JSON in other words", setUp: model("p:json:quality"),
            lines: rows([
                #""{ ""b"" : 1.50, ""a"":[1, 2] }",0"#, #""{""a"":[1,2],""b"":1.5}",0"#, "true,", "null,3",
                "7,",
            ]), samples: 5),
        DigestKind(
            name: "JSON of NDJSON", setUp: model("p:json"), file: "a.ndjson",
            lines: (0..<3).map {
                #"{"device":"A","point":"p","time":\#(1_700_000_000 + $0),"value":"#
                    + [#"{ "x" : [1.0,"\u00e9"] }"#, #""text""#, "[]"][$0] + "}"
            }, samples: 3),
        DigestKind(
            name: "integers of 64 bits", setUp: model("p:int64:quality"),
            lines: rows(["9223372036854775807,", "-9223372036854775808,", "9007199254740993,1", "-0,"]),
            samples: 4),
        DigestKind(
            name: "doubles at the edges", setUp: model("p:double:quality"),
            lines: rows(["-0,", "0,", "nan,", "-inf,", "9007199254740993,", "1e-320,", "5.0,"]), samples: 7),
        DigestKind(
            name: "a number beyond all doubles", setUp: model("p:double"),
            lines: rows(["1e400,", "-1e400,", "1e-400,"]), samples: 1, rejected: 2),
        DigestKind(
            name: "numbers of a file that became texts beside another", setUp: [["import-other"]],
            lines: rows(["1,", "2,"]), imports: ["--register"], samples: 2),
        DigestKind(
            name: "rejected rows", setUp: model("p:double:quality"),
            lines: rows(["1,0", "two,0", "3,good", "4"]) + ["A,p,yesterday,5,0", "A,p,1,2,3,4,5"],
            samples: 1, rejected: 5),
        DigestKind(
            name: "rows of unknown devices, products and points",
            setUp: model("p:double"), file: "a.csv",
            lines: ["product,device,point,time,value"] + [
                ",A,p,1700000000,1", ",B,p,1700000000,1", "P,B,p,1700000000,1", "Q,A,p,1700000000,1",
                "P,A,q,1700000000,1",
            ], samples: 1, rejected: 4, unknown: 4),
        DigestKind(
            name: "policy first",
            setUp: model("p:double:quality") + [
                ["policy", "set", "P", "--duplicates", "first"]
            ],
            lines: [header] + [
                "A,p,1700000000,1,0", "A,p,1700000000,2,0", "A,p,1700000001,3,", "A,p,1700000001,3,1",
            ],
            samples: 2),
        DigestKind(
            name: "policy last with repeats", setUp: model("p:double:quality"),
            lines: [header] + [
                "A,p,1700000000,1,0", "A,p,1700000000,2,0", "A,p,1700000000,1,0", "A,p,1700000000,,1",
            ],
            samples: 1),
        DigestKind(
            name: "missing values", setUp: model("p:double:quality"),
            lines: rows(["1,0", ",1", ",", "-9999.0,2", "-9999,", "null,0"]), options: ["--missing=-9999"],
            samples: 4, skipped: 2),
        DigestKind(
            name: "rows past a retention rule",
            setUp: model("p:double") + [
                ["retention", "set", "--product", "P", "--keep", "30d"]
            ], lines: [header] + ["A,p,1971-01-01,1,", "A,p,1971-01-02,2,", "A,p,2200-01-01,3,"], samples: 1,
            expired: 2),
        DigestKind(
            name: "the zone of the device",
            setUp: model("p:double", device: ["--timezone", "Europe/Paris"]),
            lines: [header] + ["A,p,2024-07-01 00:30,1,", "A,p,2024-07-01 01:30,2,"], samples: 2),
        DigestKind(
            name: "a local hour that comes twice and one that does not exist",
            setUp: model("p:double", device: ["--timezone", "Europe/Paris"]),
            lines: [header]
                + [
                    "2024-03-31 02:30", "2024-10-27 01:30", "2024-10-27 02:30", "2024-10-27 02:30",
                    "2024-10-27 03:30",
                ]
                .map { "A,p,\($0),1," }, samples: 4, rejected: 1),
        DigestKind(
            name: "two products with the same device key",
            setUp: model("p:string") + [
                ["model", "create", "N", "--point", "p:bool"], ["product", "create", "R", "--model", "N"],
                ["device", "create", "A", "--product", "R"],
            ],
            lines: ["product,device,point,time,value"] + [
                "P,A,p,1700000000,1", "R,A,p,1700000000,1", "P,A,p,1700000001,0", "R,A,p,1700000001,0",
                ",A,p,1700000002,0",
            ], samples: 4, rejected: 1),
        DigestKind(
            name: "a wide file with a column that is no point",
            setUp: model("s:string", "b:bool", "d:double"),
            lines: ["time,device,s,b,d,note"] + ["1700000000,A,1,1,1,x", "1700000001,A,2.0,0,,y"],
            options: ["--wide", "--ignore-columns"], samples: 5, skipped: 1),
        DigestKind(
            name: "a product said by hand", setUp: model("p:string"), lines: rows(["1,", "2,"]),
            options: ["--product", "P"], samples: 2),
    ]
}

extension EndToEndTests {
    @Suite struct DigestComparisonTests {
        private let sandbox: Sandbox

        init() throws { sandbox = try Sandbox() }

        /// Sets up a kind of input, imports its file and returns the file's path.
        private func prepare(_ kind: DigestKind) throws -> String {
            for command in kind.setUp where command != ["import-other"] {
                #expect(try sandbox.varve(command).code == 0)
            }
            let file = try sandbox.write(lines: kind.lines, kind.file)
            var files = [file]
            if kind.setUp == [["import-other"]] {
                files.append(
                    try sandbox.write(lines: DigestKind.rows(["x,", "y,", "z,"], device: "B"), "other.csv"))
            }
            let ending = try sandbox.varve(["import", "--quiet"] + kind.imports + kind.options + files)
            #expect(ending.code == (kind.rejected > 0 ? 3 : 0), "\(ending.errors)")
            return file
        }

        @Test(
            "a file is equal to the store that imported it, and what is in no digest is counted",
            arguments: DigestKind.kinds)
        func equal(kind: DigestKind) throws {
            let file = try prepare(kind)
            let plain = try sandbox.varve(["digest", "--compare"] + kind.options + [file])
            #expect(plain.code == 0)
            #expect(plain.output.hasPrefix("equal: \(kind.samples) samples of "), "\(plain.output)")
            let ending = try sandbox.varve(["digest", "--compare", "--json"] + kind.options + [file])
            #expect(ending.code == 0)
            let said = try ending.object()
            #expect(said["equal"] as? Bool == true)
            #expect(said["samples"] as? Int == kind.samples)
            let counts = ["rejected", "unknown", "skipped", "expired"].map { said[$0] as? Int }
            #expect(counts == [kind.rejected, kind.unknown, kind.skipped, kind.expired])
            for (count, word) in [
                (kind.rejected, "rejected"), (kind.unknown, "not known"), (kind.skipped, "skipped"),
                (kind.expired, "expired"),
            ] {
                let isSaid = plain.errors.contains("in no digest: ") && plain.errors.contains(word)
                #expect(isSaid == (count > 0), "\(plain.errors)")
            }
        }

        @Test(
            "a different value is still reported as different",
            arguments: [
                ("bool", "true", "0"), ("string", "007", "7"), ("json", "[1]", "[2]"), ("int64", "1", "2"),
                ("double", "0", "-0"),
            ])
        func different(type: String, stored: String, filed: String) throws {
            for command in DigestKind.model("p:\(type)") { #expect(try sandbox.varve(command).code == 0) }
            let file = try sandbox.write(lines: DigestKind.rows(["\(stored),"]), "a.csv")
            #expect(try sandbox.varve("import", "--quiet", file).code == 0)
            let other = try sandbox.write(lines: DigestKind.rows(["\(filed),"]), "b.csv")
            let ending = try sandbox.varve("digest", "--compare", "--json", other)
            #expect(ending.code == 1)
            let lines = ending.output.split(separator: "\n")
            #expect(lines.count == 2)
            #expect(
                lines.first
                    == #"{"device":"A","point":"p","day":"2023-11-14","inFiles":1,"inStore":1}"#)
            let said = try ending.object()
            #expect(said["equal"] as? Bool == false && said["days"] as? Int == 1)
        }

        @Test(
            "a file whose rows are all rejected is not called equal, and the first reason is shown")
        func nothing() throws {
            for command in DigestKind.model("p:double") { #expect(try sandbox.varve(command).code == 0) }
            let file = try sandbox.write(lines: DigestKind.rows(["1,0"]), "a.csv")
            #expect(try sandbox.varve("import", "--quiet", file).code == 0)
            let strange = try sandbox.write(
                lines: DigestKind.rows(["1,0", "2,0"], device: "B"), "b.csv")
            let ending = try sandbox.varve("digest", "--compare", strange)
            #expect(ending.code == 1)
            #expect(ending.output == "nothing was compared\n")
            #expect(ending.errors.contains("\(strange), line 2"))
            #expect(ending.errors.contains("unknown device B"))
            let empty = try sandbox.write(lines: DigestKind.rows([]), "c.csv")
            #expect(try sandbox.varve("digest", "--compare", empty).code == 0)
        }

        @Test(
            "samples of a device that is deleted from the registry are compared with the types of the store")
        func deletedDevice() throws {
            for command in DigestKind.model("p:string") { #expect(try sandbox.varve(command).code == 0) }
            let file = try sandbox.write(lines: DigestKind.rows(["007,", "1.10,"]), "a.csv")
            #expect(try sandbox.varve("import", "--quiet", file).code == 0)
            for command in [
                ["device", "delete", "A", "--keep-data"], ["product", "delete", "P", "--keep-data"],
                ["model", "delete", "M"],
            ] {
                #expect(try sandbox.varve(command).code == 0)
            }
            let ending = try sandbox.varve("digest", "--compare", file)
            #expect(ending.code == 0 && ending.output.hasPrefix("equal: 2 samples"), "\(ending.errors)")
        }

        @Test("the zone given to the import is named if the comparison takes another")
        func otherZone() throws {
            let file = try sandbox.write(
                lines: ["device,point,time,value", "A,p,2024-07-01 00:30,1"], "a.csv")
            let paris = ["--tz", "Europe/Paris"]
            #expect(try sandbox.varve(["import", "--register", "--quiet"] + paris + [file]).code == 0)
            let ending = try sandbox.varve("digest", "--compare", file)
            #expect(ending.code == 1)
            #expect(ending.errors.contains("zone: UTC, assumed"))
            #expect(
                ending.errors.contains("an import read its local times in Europe/Paris; --tz Europe/Paris"))
            let same = try sandbox.varve(["digest", "--compare"] + paris + [file])
            #expect(same.code == 0 && !same.errors.contains("an import"))
        }

        @Test(
            "an export is equal to its store, also with types that the export cannot show",
            arguments: ["csv", "ndjson"])
        func exported(format: String) throws {
            for command in DigestKind.model("s:string", "b:bool", "n:int64", "j:json", "d:double") {
                #expect(try sandbox.varve(command).code == 0)
            }
            let rows = [
                "s,1.10", "s,\"\"", "b,1", "n,-9223372036854775808", "j,\"{\"\"a\"\":1}\"", "d,nan", "d,-0",
            ].enumerated().map { "A,\($0.element),\(1_700_000_000 + $0.offset)" }
            let file = try sandbox.write(lines: ["device,point,value,time"] + rows, "a.csv")
            #expect(try sandbox.varve("import", "--quiet", file).code == 0)
            let out = "\(sandbox.path)/out.\(format)"
            #expect(try sandbox.varve("export", "--format", format, "--out", out).code == 0)
            let ending = try sandbox.varve("digest", "--compare", out)
            #expect(ending.code == 0 && ending.output.hasPrefix("equal: 7 samples"), "\(ending.errors)")
        }

        @Test(
            "if the registry cannot be read, names and types are the store's, and a line says what is not known"
        )
        func noRegistry() throws {
            for command in DigestKind.model("p:bool") { #expect(try sandbox.varve(command).code == 0) }
            let file = try sandbox.write(lines: DigestKind.rows(["true,", "0,"]), "a.csv")
            #expect(try sandbox.varve("import", "--quiet", file).code == 0)
            let registry = "\(sandbox.data)/registry.sqlite"
            try FileManager.default.removeItem(atPath: registry)
            for isFolder in [false, true] {
                if isFolder {
                    try FileManager.default.createDirectory(
                        atPath: registry, withIntermediateDirectories: false)
                }
                let ending = try sandbox.varve("digest", "--compare", file)
                #expect(ending.code == 0 && ending.output.hasPrefix("equal: 2 samples"), "\(ending.errors)")
                #expect(ending.errors.contains("no retention rules"))
            }
        }
    }
}
