// PublishedFileTests.swift — `varve publish` of a file stores the same as an import of the file.

import Foundation
import Testing
import VarveTestSupport

extension EndToEndTests {
    @Suite struct PublishedFileTests {
        private let sandbox: Sandbox

        init() throws { sandbox = try Sandbox() }

        @Test(
            "a published file is equal to the store: types, the zone of the device, repeated hours, policy first"
        )
        func equal() throws {
            for command in DigestKind.model(
                "s:string", "b:bool", "j:json", "n:int64", "d:double:quality",
                device: ["--timezone", "Europe/Paris"])
            {
                #expect(try sandbox.varve(command).code == 0)
            }
            #expect(try sandbox.varve("policy", "set", "P", "--duplicates", "first").code == 0)
            let service = try RunningService(in: sandbox)
            let file = try sandbox.write(
                lines: ["device,point,time,value,quality"] + [
                    "A,s,2024-07-01 00:30,007,", "A,b,2024-07-01 00:30,1,", "A,b,2024-07-01 01:30,FALSE,",
                    #"A,j,2024-07-01 00:30,"{ ""b"" : 1.50, ""a"":[1, 2] }","#,
                    "A,n,2024-07-01 00:30,-9223372036854775808,", "A,d,2024-07-01 00:30:00.123456789,-0,1",
                    "A,d,2024-10-27 02:30,1,", "A,d,2024-10-27 02:30,2,", "A,d,2024-10-27 03:30,,4",
                    "A,d,2024-10-27 03:30,5,", "A,d,2024-10-27 04:30,nan,", "A,d,2024-10-27 05:30,two,",
                    "A,d,2024-10-27 06:30,,",
                ], "a.csv")
            _ = try DemoChannel("chan", product: "P", in: sandbox)
            let sent = try sandbox.varve("publish", "--channel", "chan", "--json", "--quiet", file)
            #expect(sent.code == 3, "\(sent.errors)")
            #expect(sent.errors.contains("a.csv, line 13: point d is double, and \"two\" is not a number"))
            let zones = try #require(try sent.object()["zones"] as? [[String: Any]])
            #expect(zones.map { $0["name"] as? String } == ["Europe/Paris"])
            #expect(zones.map { $0["repeated"] as? Int } == [2])
            let ending = try sandbox.varve("digest", "--compare", "--json", file)
            #expect(ending.code == 0, "\(ending.output)\(ending.errors)")
            let said = try ending.object()
            #expect(said["samples"] as? Int == 10)
            #expect(said["rejected"] as? Int == 1 && said["skipped"] as? Int == 1)
            #expect(service.stop()?.code == 0)
        }

        @Test("values of all types, also JSON that looks like a message, are stored as an import stores them")
        func random() throws {
            for command in DigestKind.model("s:string", "b:bool", "j:json", "n:int64", "d:double") {
                #expect(try sandbox.varve(command).code == 0)
            }
            let seed: UInt64 = 4_711
            var generator = SeededGenerator(seed: seed)
            let service = try RunningService(in: sandbox)
            var lines = ["device,point,time,value,quality"]
            for row in 0..<600 {
                let point = try #require(["s", "b", "j", "j", "n", "d"].randomElement(using: &generator))
                let quality = try #require(["", "", "3"].randomElement(using: &generator))
                let value = Self.value(of: point, &generator).replacing("\"", with: "\"\"")
                lines.append("A,\(point),\(1_700_000_000 + row),\"\(value)\",\(quality)")
            }
            let file = try sandbox.write(lines: lines, "all.csv")
            _ = try DemoChannel("chan", product: "P", in: sandbox)
            let sent = try sandbox.varve("publish", "--channel", "chan", "--json", "--quiet", file)
            #expect(sent.code == 0, "seed \(seed): \(sent.output)\(sent.errors)")
            let ending = try sandbox.varve("digest", "--compare", "--json", file)
            #expect(ending.code == 0, "seed \(seed): \(ending.output)\(ending.errors)")
            #expect(service.stop()?.code == 0)
        }

        /// The text of a random value of a point.
        private static func value(of point: String, _ generator: inout SeededGenerator) -> String {
            func one(_ values: String...) -> String {
                values[Int.random(in: values.indices, using: &generator)]
            }
            switch point {
            case "s":
                return one("1", "null x", "{\"value\":1,\"quality\":2}", "[1]", "true", "NaN", "a\\u0031")
            case "b": return one("true", "false", "0", "1")
            case "n": return one("0", "-9223372036854775808", "9223372036854775807", "12")
            case "d": return one("-0", "1e300", "NaN", "-inf", "0.1", "5")
            default:
                let part = one(
                    "1", "null", "\"1\"", "{\"value\":1,\"quality\":1}", "[null]", "\"bad\"", "true")
                let other = one("2", "null", "\"good\"", "1.5", "-1")
                return one(
                    "{\"value\":\(part),\"quality\":\(other)}", "{\"value\":\(part)}",
                    "{\"quality\":\(other)}", part,
                    "{\"valu\\u0065\":\(part),\"qualit\\u0079\":\(other)}", "[\(part),\(other)]",
                    "{\"a\":1,\"quality\":\(other),\"value\":\(part)}")
            }
        }
    }
}
