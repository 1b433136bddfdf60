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

        @Test("an import of products is all or nothing")
        func allOrNothing() throws {
            try make()
            let before = try run("product list --json").output
            let file = try sandbox.write(
                lines: ["product,model", "N1,turbine", "N2,nowhere"], "products.csv")
            let ending = try run("product import \(file)")
            #expect(ending.code == 1 && ending.errorLines.count == 1, "\(ending.errors)")
            #expect(ending.errors.contains("nowhere") && ending.errors.contains("3"), "\(ending.errors)")
            #expect(try run("product list --json").output == before)
        }

        @Test(
            "an import of devices takes the good rows, and writes the others to a file with line and reason")
        func rejectedDevices() throws {
            try make()
            let file = try sandbox.write(lines: ["device,product", "N1,wind", "N2,nowhere"], "devices.csv")
            let ending = try run("device import \(file)")
            #expect(ending.code == 3 && ending.errorLines.count == 1, "\(ending.errors)")
            #expect(ending.errors.contains("line 3: there is no product \"nowhere\""), "\(ending.errors)")
            #expect(ending.output.contains("created 1 device") && ending.output.contains("rejected 1 row"))
            let rejected = try String(contentsOfFile: file + ".rejected.csv", encoding: .utf8)
            #expect(rejected.hasPrefix("# varve rejected rows 1\n"))
            #expect(rejected.hasSuffix(",\"N2,nowhere,,,,,\"\n"), "\(rejected)")
            // The list that is printed as CSV is such a file, and the mended file removes the rejected rows.
            let list = try run("device list --csv")
            let again = try run("device import \(list.outputPath)")
            #expect(
                again.code == 0 && again.output.contains("4 rows described what exists"), "\(again.output)")
            let mended = try sandbox.write(lines: ["device,product", "N2,sea"], "devices.csv")
            #expect(try run("device import \(mended)").code == 0)
            #expect(!FileManager.default.fileExists(atPath: file + ".rejected.csv"))
        }

        @Test("a model has data types of EnOS, events and attributes, from options or from EnOS's own file")
        func dataTypes() throws {
            for line in [
                "model create m --point mode:ENUM(0,1) --attribute owner:STRING(64) --event trip --pass-through",
                "model add m --point level:FLOAT --event alarm:STRUCT(code:INT)",
            ] {
                let ending = try run(line)
                #expect(ending.code == 0, "\(line): \(ending.errors)")
            }
            let shown = try run("model show m").output
            for part in ["ENUM(0,1)", "STRING(64)", "trip", "STRUCT(code:INT)", "pass-through  yes"] {
                #expect(shown.contains(part), "\(shown)")
            }
            #expect(try run("model set m --pass-through off").code == 0)
            #expect(try run("model show m --json").object()["passThrough"] as? Bool == false)
            #expect(try run("model change m --point mode:ENUM(off,on)").code == 0)
            #expect(try run("model show m").output.contains("ENUM(off,on)"))
            let file = try sandbox.write(
                lines: ["{\"modelId\":\"e\",\"measurepoints\":{\"p\":{\"dataType\":\"INT\"}}}"], "e.json")
            #expect(try run("model import \(file)").output == "created 1 model and 1 point\n")
            #expect(try run("model show e").output.contains("int64"))
        }

        @Test(
            "the models of the conformance cases are exported as models of EnOS, and their import gives equal ones"
        )
        func exported() throws {
            let folder = Installation.resource("Conformance")
            let registry = try #require(
                try JSONSerialization.jsonObject(
                    with: Data(contentsOf: URL(fileURLWithPath: folder + "/registry.json")))
                    as? [String: Any])
            for command in try #require(registry["commands"] as? [[String: Any]]) {
                let words = try #require(command["run"] as? [String])
                guard words[0] == "model", command["awaits"] == nil else { continue }
                let ending = try sandbox.varve(
                    words.map { $0.replacingOccurrences(of: "$FOLDER", with: folder) })
                #expect(ending.code == 0, "\(words): \(ending.errors)")
            }
            let listed = try run("model list --json").output
            let models = try run("model list --json").array().compactMap { $0["model"] as? String }
            #expect(models.count >= 4)
            let whole = "\(sandbox.path)/whole"
            let file = try sandbox.write(
                Data(contentsOf: URL(fileURLWithPath: run("model export").outputPath)), "a.json")
            #expect(try run("model import \(file)", data: whole).code == 0)
            #expect(try run("model list --json", data: whole).output == listed)
            let single = "\(sandbox.path)/single"
            for model in models {
                let file = try sandbox.write(run("model export \(model)").output.utf8, "one.json")
                #expect(try run("model import \(file)", data: single).code == 0, "\(model)")
            }
            #expect(try run("model list --json", data: single).output == listed)
            let again = try run("model import \(file)")
            #expect(again.code == 0 && !again.output.contains("changed"), "\(again.output)")
            #expect(try run("model list --json").output == listed)
            #expect(try run("model export nothing").errors.contains("there is no model"))
        }

        @Test("secrets are rotated with an overlap, settings are shown, and a device is reset")
        func rotation() throws {
            try make()
            #expect(try run("channel create farm --product wind").code == 0)
            for line in [
                "product rotate-secret wind --keep 12h", "product set wind --numeric-texts on",
                "channel rotate-password farm", "channel set farm --resend-window 5m",
            ] {
                let ending = try run(line)
                #expect(ending.code == 0, "\(line): \(ending.errors)")
            }
            let product = try run("product show wind --json").object()
            #expect(
                product["previousSecret"] as? String == "s3cret" && product["secret"] as? String != "s3cret")
            #expect(product["numericTexts"] as? Bool == true)
            let channel = try run("channel show farm --json").object()
            #expect(channel["resendWindowSeconds"] as? Int == 300 && channel["previousPassword"] is String)
            #expect(try run("product rotate-secret wind --keep 2y").code == 1)
            #expect(try run("channel set farm --resend-window 8d").code != 0)
            #expect(try run("channel set farm --resend-window off").code == 0)
            #expect(try run("device reset wind/T1").code == 0)
            #expect(try run("device show wind/T1 --json").object()["secret"] as? String != "key")
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

        @Test(
            "a device or product with stored samples is deleted only if its data may stay, or is deleted first"
        )
        func heldData() throws {
            try make()
            let lines = ["device,product,point,time,value", "T2,wind,power,2024-01-01T00:00:00Z,1.5"]
            let file = try sandbox.write(lines: lines, "a.csv")
            #expect(try run("import \(file)").code == 0)
            let held = try run("device delete T2")
            #expect(held.code == 1 && held.errorLines.count == 1, "\(held.errors)")
            #expect(held.errors.contains("1 stored sample") && held.errors.contains("--keep-data"))
            #expect(try run("device show T2 --json").code == 0)
            #expect(try run("device delete T2 --keep-data").output.contains("its history stays"))
            #expect(try run("device delete wind/T1").code == 0)
            let product = try run("product delete wind")
            #expect(product.code == 1 && product.errors.contains("1 stored sample"), "\(product.errors)")
            #expect(try run("device create T2 --product wind").code == 0)
            #expect(try run("delete --device T2 --from 2000-01-01 --to 2030-01-01").code == 0)
            #expect(try run("device delete T2").code == 0)
            #expect(try run("product delete wind").code == 0)
        }

        @Test("devices, products and models are deleted in this order, and history stays")
        func deletion() throws {
            try make()
            let lines = ["device,product,point,time,value", "T1,wind,power,2024-01-01T00:00:00Z,1.5"]
            let file = try sandbox.write(lines: lines, "a.csv")
            #expect(try run("import \(file)").code == 0)
            for line in [
                "device delete wind/T1 --keep-data", "device delete T2", "device delete T1",
                "product delete wind --keep-data", "product delete sea", "model delete turbine",
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
