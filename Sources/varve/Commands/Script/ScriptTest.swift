// ScriptTest.swift — `varve script test`: runs a script on one payload, as the service would.

import ArgumentParser
import VarveRegistry
import VarveScript

extension ScriptCommand {
    struct Test: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Run a script on one payload, and show the JSON or the error.",
            discussion: """
                The script is that of the product, or a file. A payload of hex digits is taken as bytes, everything \
                else as the name of a file. --reply shows the bytes that a device gets for an answer.

                Example:
                  varve script test --product meters --payload 0100000014
                  varve script test --script decoder.js --payload frame.bin
                  varve script test --script decoder.js --reply '{"id":1,"code":200}'
                """)

        @OptionGroup var data: DataOptions
        @Option(help: ArgumentHelp("The productKey.", valueName: "key")) var product: String?
        @Option(help: ArgumentHelp("A file; else the script of the product.", valueName: "file")) var script:
            String?
        @Option(help: ArgumentHelp("The payload to decode: hex digits or a file.", valueName: "hex|file"))
        var payload: String?
        @Option(help: ArgumentHelp("The answer to encode.", valueName: "json")) var reply: String?

        func validate() throws {
            guard product != nil || script != nil else {
                throw ValidationError("name the script: --product or --script")
            }
            guard payload != nil || reply != nil else {
                throw ValidationError("name what to run it on: --payload or --reply")
            }
        }

        func run() throws {
            let name = product ?? ""
            let text = try script.map(ScriptTrial.text) ?? data.script(of: name).text
            let trial = try ScriptTrial(product: name, text: text)
            if let payload {
                print(String(decoding: try trial.decode(ScriptTrial.payload(payload)), as: UTF8.self))
            }
            if let reply { print(Hex.text(try trial.encode(reply))) }
        }
    }
}
