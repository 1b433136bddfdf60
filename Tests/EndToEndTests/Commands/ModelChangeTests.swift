// ModelChangeTests.swift — `varve model change`: the wrong type of a point can be changed.

import Foundation
import Testing
import VarveServer
import VarveTestSupport

extension EndToEndTests {
    @Suite struct ModelChangeTests {
        /// A text point with two numbers and a word, on two devices of two products of one model.
        private func store(_ sandbox: Sandbox) throws -> String {
            for command in [
                ["model", "create", "m", "--point", "p:string", "--point", "q:double"],
                ["product", "create", "wind", "--model", "m"], ["product", "create", "sun", "--model", "m"],
                ["device", "create", "T1", "--product", "wind"],
                ["device", "create", "S1", "--product", "sun"],
            ] { #expect(try sandbox.varve(command).code == 0, "\(command)") }
            let file = try sandbox.write(
                lines: [
                    "device,point,time,value", "T1,p,2024-05-01T00:00:00Z,20.5",
                    "T1,p,2024-05-01T00:01:00Z,No Data", "T1,p,2024-05-01T00:02:00Z,21.5",
                    "S1,p,2024-05-01T00:00:00Z,1e3", "S1,q,2024-05-01T00:00:00Z,7",
                ], "a.csv")
            #expect(try sandbox.varve("import", "--json", file).receipt()["accepted"] == 5)
            return file
        }

        private func values(_ sandbox: Sandbox, _ device: String) throws -> [String] {
            let ending = try sandbox.varve("query", "--device", device, "--point", "p", "--format", "csv")
            return ending.output.split(separator: "\n").dropFirst().map {
                String($0.split(separator: ",", omittingEmptySubsequences: false)[3])
            }
        }

        @Test("beside a service a point gets its type and the rule of a type of EnOS in one step")
        func ruleBesideService() throws {
            let sandbox = try Sandbox()
            for command in DigestKind.model("p:string") { #expect(try sandbox.varve(command).code == 0) }
            let file = try sandbox.write(lines: ["device,point,time,value", "A,p,1,1", "A,p,2,0"], "a.csv")
            #expect(try sandbox.varve("import", file).code == 0)
            let service = try StandInService(sandbox.data)
            defer { service.stop() }
            let changed = try sandbox.varve("model", "change", "M", "--point", "p:ENUM(0,1)", "--json")
            #expect(try changed.object()["converted"] as? Int == 2, "\(changed.errors)")
            #expect(service.registryNotices.count == 0, "the command itself changes nothing")
            #expect(try sandbox.varve("model", "show", "M").output.contains("ENUM(0,1)"))
            // Without a data type of EnOS, all values of the type are taken again.
            #expect(try sandbox.varve("model", "change", "M", "--point", "p:int64").code == 0)
            #expect(try !sandbox.varve("model", "show", "M").output.contains("ENUM"))
        }

        @Test(
            "a text point becomes numbers for all products of the model, beside a service as without one",
            arguments: [false, true])
        func textToNumbers(besideService: Bool) throws {
            let sandbox = try Sandbox()
            let file = try store(sandbox)
            let before = try sandbox.varve("stats", "--json").object()
            let service = besideService ? try StandInService(sandbox.data) : nil
            defer { service?.stop() }
            #expect(
                try sandbox.varve("query", "--device", "T1", "--point", "p", "--every", "1h", "--agg", "avg")
                    .code == 1)
            // A value that does not fit stops the change.
            let refused = try sandbox.varve("model", "change", "m", "--point", "p:double")
            #expect(refused.code == 1 && refused.errorLines.count == 1, "\(refused.errors)")
            #expect(refused.errors.contains("1 of 4 values do not fit double"), "\(refused.errors)")
            #expect(
                refused.errors.contains("\"No Data\" at 2024-05-01T00:01:00Z of device T1"),
                "\(refused.errors)")
            #expect(
                refused.errors.contains("or delete what does not fit with --drop-unfit"), "\(refused.errors)")
            #expect(try values(sandbox, "T1") == ["20.5", "No Data", "21.5"])
            let dry = try sandbox.varve(
                "model", "change", "m", "--point", "p:double", "--missing", "No Data", "--dry-run", "--json"
            ).object()
            #expect(
                dry["samples"] as? Int == 4 && dry["converted"] as? Int == 3 && dry["skipped"] as? Int == 1)
            #expect(try values(sandbox, "T1") == ["20.5", "No Data", "21.5"])
            let change = [
                "model", "change", "m", "--point", "p:double", "--missing", "No Data", "--json", "--quiet",
            ]
            let done = try sandbox.varve(change).object()
            #expect(done["series"] as? Int == 2 && done["samples"] as? Int == 4, "\(done)")
            #expect(done["from"] as? String == "string" && done["to"] as? String == "double")
            #expect(try values(sandbox, "T1") == ["20.5", "21.5"])
            #expect(try values(sandbox, "S1") == ["1000"])
            let average = try sandbox.varve(
                "query", "--device", "T1", "--point", "p", "--every", "1h", "--agg", "avg", "--format", "csv")
            #expect(average.output.contains(",21"), "\(average.output)\(average.errors)")
            #expect(try sandbox.varve("model", "show", "m").output.contains("double"))
            // The whole change is one commit.
            let after = try sandbox.varve("stats", "--json").object()
            #expect(after["commit"] as? Int == (before["commit"] as? Int).map { $0 + 1 })
            #expect(after["samples"] as? Int == 4 && after["series"] as? Int == 3, "\(after)")
            // The same command again has nothing to do, and an older state of the point cannot be read.
            #expect(try sandbox.varve(change).object()["series"] as? Int == 0)
            let past = try sandbox.varve("query", "--device", "T1", "--point", "p", "--as-of", "1")
            #expect(past.code == 1 && past.errorLines.count == 1, "\(past.errors)")
            #expect(try sandbox.varve("query", "--device", "S1", "--point", "q", "--as-of", "1").code == 0)
            // The file that was imported before is applied again, and its word is rejected.
            let again = try sandbox.varve("import", "--json", file)
            #expect(again.code == 3, "\(again.errors)")
            #expect(try again.receipt()["identical"] == 4 && again.receipt()["rejected"] == 1)
            #expect(try sandbox.varve("verify", "--deep").code == 0)
            service?.stop()
            #expect(try values(sandbox, "T1") == ["20.5", "21.5"])
            #expect(try sandbox.varve("compact").code == 0)
            #expect(try values(sandbox, "T1") == ["20.5", "21.5"])
            #expect(try sandbox.varve("verify", "--deep").code == 0)
        }

        @Test(
            "verify reports a registry that is behind an interrupted change, and the same command finishes it"
        )
        func interrupted() throws {
            let sandbox = try Sandbox()
            _ = try store(sandbox)
            let registry = "\(sandbox.data)/registry.sqlite"
            let before = try Data(contentsOf: URL(fileURLWithPath: registry))
            let change = ["model", "change", "m", "--point", "p:double", "--missing", "No Data"]
            #expect(try sandbox.varve(change).code == 0)
            #expect(try !sandbox.varve("verify").output.contains("interrupted"))
            // The state that a kill between the store's change and the registry's leaves.
            try before.write(to: URL(fileURLWithPath: registry))
            let verify = try sandbox.varve("verify")
            #expect(verify.code == 0)
            #expect(
                verify.output.contains(
                    "point p of model m is string, its stored values are double, as a change of the type that was "
                        + "interrupted leaves it; finish it with `varve model change m --point p:double`"),
                "\(verify.output)\(verify.errors)")
            #expect(try sandbox.varve(change).code == 0)
            #expect(try !sandbox.varve("verify").output.contains("interrupted"))
        }

        @Test("values that do not fit are deleted only on request, with their count first")
        func dropUnfit() throws {
            let sandbox = try Sandbox()
            _ = try store(sandbox)
            let dry = try sandbox.varve("model", "change", "m", "--point", "p:double", "--dry-run")
            #expect(dry.code == 0 && dry.output.contains("1 that do not fit"), "\(dry.output)\(dry.errors)")
            let dropped = try sandbox.varve(
                "model", "change", "m", "--point", "p:double", "--drop-unfit", "--quiet")
            #expect(
                dropped.code == 0 && dropped.errors.contains("1 values do not fit and are to be deleted"),
                "\(dropped.errors)")
            #expect(
                dropped.output.contains("4 samples of 2 series, 3 converted, 1 that do not fit deleted"),
                "\(dropped.output)")
            #expect(try values(sandbox, "T1") == ["20.5", "21.5"])
        }

        @Test("numbers become texts as an export writes them, and numbers again")
        func thereAndBack() throws {
            let sandbox = try Sandbox()
            let file = try sandbox.write(
                lines: [
                    "device,point,time,value,quality", "T,p,1,0.1,", "T,p,2,-0,", "T,p,3,1e300,5",
                    "T,p,4,NaN,",
                    "T,p,5,,3", "T,p,6,9007199254740993.5,", "T,p,7,-inf,",
                ], "a.csv")
            #expect(try sandbox.varve("import", "--register", "--json", file).receipt()["accepted"] == 7)
            let before = try sandbox.varve("export", "--format", "csv", "--out", "-").output
            for type in ["string", "double"] {
                let ending = try sandbox.varve(
                    "model", "change", "default", "--point", "p:\(type)", "--quiet")
                #expect(ending.code == 0, "\(ending.errors)")
                let after = try sandbox.varve("export", "--format", "csv", "--out", "-")
                guard type == "string" else { continue }
                let texts = after.output.split(separator: "\n").dropFirst().map {
                    String($0.split(separator: ",", omittingEmptySubsequences: false)[3])
                }
                #expect(texts == ["0.1", "-0", "1e300", "NaN", "", "9.007199254740994e15", "-inf"])
            }
            #expect(try sandbox.varve("export", "--format", "csv", "--out", "-").output == before)
        }

        @Test("an integer that a double cannot hold does not fit it, and neither does the integer's text")
        func largeIntegers() throws {
            let sandbox = try Sandbox()
            let file = try sandbox.write(
                lines: [
                    "device,point,time,value", "T,p,1,9007199254740993", "T,p,2,9007199254740992",
                    "T,p,3,1.5",
                    "T,p,4,18446744073709551615",
                ], "a.csv")
            #expect(
                try sandbox.varve("import", "--register", "--quiet", "--type", "p=string", file).code == 0)
            let dry = try sandbox.varve(
                "model", "change", "default", "--point", "p:double", "--dry-run", "--json")
            #expect(try dry.object()["unfit"] as? Int == 2, "\(dry.output)")
            #expect(try dry.object()["converted"] as? Int == 2)
            #expect(
                try sandbox.varve("model", "change", "default", "--point", "p:double", "--quiet").code == 1)
        }

        @Test("an unknown name, or a part that cannot change, is refused in one line with a remedy")
        func badOrders() throws {
            let sandbox = try Sandbox()
            _ = try store(sandbox)
            for (arguments, text) in [
                (["x", "--point", "p:double"], "no model \"x\""),
                (["m", "--point", "z:double"], "has no point z"),
                (["m", "--point", "p:number"], "has the unknown type"),
                (["m", "--point", "p:double:unit=kW"], "quality and unit stay"),
                (["m", "--point", "p:double", "--missing", ","], "has no word"),
            ] {
                let ending = try sandbox.varve(["model", "change"] + arguments)
                #expect(ending.code != 0 && ending.errors.contains(text), "\(arguments): \(ending.errors)")
            }
        }
    }
}
