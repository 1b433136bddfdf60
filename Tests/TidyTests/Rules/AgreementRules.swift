// AgreementRules.swift — what two modules have agreed on is written in one file, and nowhere else in the sources.

enum AgreementRules {
    /// A text that modules have agreed on.
    struct Agreement {
        /// The text.
        var text: String
        /// The only file of the sources that may write it.
        var file: String
        /// Whether it may stand within another text, such as a help text for people.
        var allowsWithin = false
    }

    static let agreements = [
        Agreement(text: "%channel%", file: "Sources/VarveChannel/Role.swift"),
        Agreement(text: "varve-service", file: "Sources/VarveChannel/ServiceClient.swift"),
        Agreement(text: "varve-client", file: "Sources/VarveChannel/MessageProperty.swift"),
        Agreement(text: "varve-cost", file: "Sources/VarveChannel/MessageProperty.swift"),
        Agreement(text: "varve-arrival", file: "Sources/VarveChannel/MessageProperty.swift"),
        Agreement(text: "$CONTROL/", file: "Sources/VarveChannel/ControlTopic.swift"),
        Agreement(text: "_reply", file: "Sources/VarveChannel/ChannelTopic.swift"),
        Agreement(text: "integration/measurepoint/post", file: "Sources/VarveChannel/ChannelTopic.swift"),
        Agreement(text: "consumed", file: "Sources/VarveChannel/ConsumptionReport.swift"),
        Agreement(text: "drained", file: "Sources/VarveChannel/ConsumptionReport.swift"),
        Agreement(text: "127.0.0.1", file: "Sources/VarveChannel/BrokerAddress.swift", allowsWithin: true),
        Agreement(text: "0.1.0", file: "Sources/VarveControl/VarveVersion.swift"),
        Agreement(text: "--supervisor", file: "Sources/VarveControl/ServiceArguments.swift"),
        Agreement(text: "registry.sqlite", file: "Sources/VarveFile/DirectoryNames.swift"),
        Agreement(text: "control.sock", file: "Sources/VarveFile/DirectoryNames.swift"),
        Agreement(text: "log.sqlite", file: "Sources/VarveFile/DirectoryNames.swift", allowsWithin: true),
        Agreement(text: "./varve-data", file: "Sources/VarveFile/DirectoryNames.swift", allowsWithin: true),
    ]

    /// The lines of the sources that write an agreement although another file is its place.
    static func elsewhere(_ file: SourceFile) -> [Violation] {
        guard file.module != nil, file.isSwift else { return [] }
        return file.lines.enumerated().flatMap { number, line -> [Violation] in
            guard line.contains("\""), !line.trimmingPrefix(while: \.isWhitespace).hasPrefix("//") else {
                return []
            }
            return agreements.filter { $0.file != file.path && writes(line, $0) }.map { agreement in
                Violation(
                    path: file.path, line: number + 1,
                    reason: "\(agreement.text) is written in \(agreement.file) alone: use what stands there")
            }
        }
    }

    /// Whether a text of a line is the agreement, or has it within.
    private static func writes(_ line: Substring, _ agreement: Agreement) -> Bool {
        line.matches(of: /"(?:[^"\\]|\\.)*"/).contains { match in
            let text = match.output.dropFirst().dropLast()
            return agreement.allowsWithin
                ? text == agreement.text || text == "/" + agreement.text : text.contains(agreement.text)
        }
    }
}
