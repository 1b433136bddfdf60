// Arguments.swift — the command line of the harness, which `Tools/benchmark` fills in.

/// The options of a run.
struct Arguments {
    /// The path of the `varve` to measure.
    var tool = ""
    /// The folder of the recordings.
    var data = ""
    /// The path of the report.
    var report = ""
    /// A text for the head of the report: commit and compiler.
    var versions = ""
    /// How many times each measurement runs.
    var runs = 5
    /// The names of the workloads to run; empty for all.
    var only: Set<String> = []

    static let usage = """
        usage: VarveBenchmarks --tool VARVE --data FOLDER --report FILE [--versions TEXT] [--runs N]
                               [--only channel,codecs,imports,messages,opening,queries,
                                       recovery,scripts,sizes,upkeep]
        """

    init(_ words: [String]) throws(HarnessError) {
        var index = 0
        while index < words.count {
            guard index + 1 < words.count else { throw HarnessError(Self.usage) }
            let value = words[index + 1]
            switch words[index] {
            case "--tool": tool = value
            case "--data": data = value
            case "--report": report = value
            case "--versions": versions = value
            case "--runs":
                guard let number = Int(value), number > 0 else { throw HarnessError(Self.usage) }
                runs = number
            case "--only": only = Set(value.split(separator: ",").map(String.init))
            default: throw HarnessError(Self.usage)
            }
            index += 2
        }
        if tool.isEmpty || data.isEmpty || report.isEmpty { throw HarnessError(Self.usage) }
    }

    func wants(_ workload: String) -> Bool { only.isEmpty || only.contains(workload) }
}

/// Thrown when a measurement cannot be made; the reason in one line.
struct HarnessError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}
