// RegistryCommandsTests.swift — models, products and devices: made, listed, shown, copied, deleted.

import Foundation
import Testing
import VarveTestSupport

extension EndToEndTests {
    @Suite struct RegistryCommandsTests {
        private let sandbox: Sandbox

        init() throws {
            sandbox = try Sandbox()
        }

        private func run(_ line: String, data: String? = nil) throws -> Ending {
            try sandbox.varve(line.split(separator: " ").map(String.init), data: data)
        }

        private func make() throws {
            for line in [
                "model create turbine --name Turbine --point power:double:quality:unit=kW --point on:bool",
                "model add turbine --point note:string",
                "product create wind --model turbine --secret s3cret --format json",
                "product create sea --model turbine --duplicates first",
                "device create T1 --product wind --asset A-17 --timezone Europe/Paris --secret key",
                "device create T2 --product wind --name Second", "device create T1 --product sea",
            ] {
                let ending = try run(line)
                #expect(ending.code == 0, "\(line): \(ending.errors)")
            }
        }

        @Test("entries are listed and shown with everything that was given")
        func listAndShow() throws {
            try make()
            let devices = try run("device list --json").array()
            #expect(
                Set(devices.map { "\($0["product"] ?? "")/\($0["device"] ?? "")" }) == [
                    "sea/T1", "wind/T1", "wind/T2",
                ])
            let device = try run("device show wind/T1 --json").object()
            #expect(device["asset"] as? String == "A-17" && device["timezone"] as? String == "Europe/Paris")
            #expect(device["secret"] as? String == "key")
            let product = try run("product show wind --json").object()
            #expect(product["secret"] as? String == "s3cret" && product["model"] as? String == "turbine")
            let model = try run("model show turbine --json").output
            for part in ["power", "kW", "bool", "note", "Turbine"] {
                #expect(model.contains(part), "\(model)")
            }
        }

        @Test(
            "the JSON that list prints creates the same registry in another directory",
            arguments: ["model", "product", "device"])
        func copies(kind: String) throws {
            try make()
            let copy = "\(sandbox.path)/copy"
            for name in ["model", "product", "device"] {
                let list = try run("\(name) list --json")
                let made = try run("\(name) import \(list.outputPath)", data: copy)
                #expect(made.code == 0, "\(name): \(made.errors)")
                if name == kind { break }
            }
            #expect(try run("\(kind) list --json", data: copy).output == run("\(kind) list --json").output)
            // The same import again is not an error and changes nothing.
            let again = try run("\(kind) import \(try run("\(kind) list --json").outputPath)")
            #expect(again.code == 0, "\(again.errors)")
        }

        @Test("an import of devices is all or nothing")
        func allOrNothing() throws {
            try make()
            let before = try run("device list --json").output
            let file = try sandbox.write(lines: ["device,product", "N1,wind", "N2,nowhere"], "devices.csv")
            let ending = try run("device import \(file)")
            #expect(ending.code == 1 && ending.errorLines.count == 1, "\(ending.errors)")
            #expect(ending.errors.contains("nowhere") && ending.errors.contains("3"), "\(ending.errors)")
            #expect(try run("device list --json").output == before)
        }

        @Test(
            "a command that cannot be carried out ends with exit code 1 and one line that names the cause",
            arguments: [
                ("device create T1 --product wind --asset other", "T1"),
                ("device create X --product nowhere", "nowhere"),
                ("device create X --product wind --timezone Mars/Olympus", "Mars/Olympus"),
                ("product create p --model none", "none"), ("device show T1", "wind/T1"),
                ("device show T9", "T9"), ("product show none", "none"), ("model show none", "none"),
                ("model delete turbine", "wind"), ("product delete wind", "wind"), ("device delete T9", "T9"),
                ("model add turbine --point power:int64", "power"),
                ("model add turbine --point p:number", "number"),
                ("model import missing.json", "missing.json"),
            ])
        func refused(line: String, name: String) throws {
            try make()
            let lists = ["model list --json", "product list --json", "device list --json"]
            let before = try lists.map { try run($0).output }
            let ending = try run(line)
            #expect(ending.code == 1 || ending.code == 2, "\(ending.errors)")
            #expect(ending.errorLines.count == 1 && ending.errors.contains(name), "\(ending.errors)")
            #expect(try lists.map { try run($0).output } == before)
            #expect(
                try run("verify").code != 0
                    || FileManager.default.fileExists(atPath: "\(sandbox.data)/manifests"))
        }

        @Test("devices, products and models are deleted in this order, and history stays")
        func deletion() throws {
            try make()
            let lines = ["device,product,point,time,value", "T1,wind,power,2024-01-01T00:00:00Z,1.5"]
            let file = try sandbox.write(lines: lines, "a.csv")
            #expect(try run("import \(file)").code == 0)
            for line in [
                "device delete wind/T1", "device delete T2", "device delete T1", "product delete wind",
                "product delete sea", "model delete turbine",
            ] {
                let ending = try run(line)
                #expect(ending.code == 0, "\(line): \(ending.errors)")
            }
            #expect(try run("device list --json").array().isEmpty)
            let query = try run("query --device T1 --format csv")
            #expect(
                query.output.hasSuffix("T1,power,2024-01-01T00:00:00Z,1.5,\n"),
                "\(query.output)\(query.errors)")
            #expect(try run("verify").code == 0)
        }

        @Test("the policy of a product decides between two values of one time")
        func policies() throws {
            try make()
            for (product, kept, name) in [("wind", "2", "corrected"), ("sea", "1", "superseded")] {
                let rows = ["1", "2"].map { "T1,\(product),power,2024-01-01T00:00:00Z,\($0)" }
                let file = try sandbox.write(lines: ["device,product,point,time,value"] + rows, "a.csv")
                let receipt = try run("import --json \(file)").receipt()
                #expect(receipt["accepted"] == 1 && receipt[name] == 1, "\(product): \(receipt)")
                let answer = try run("query --device \(product)/T1 --format csv").output
                #expect(answer.contains("power,2024-01-01T00:00:00Z,\(kept),"), "\(answer)")
            }
        }
    }
}
