// ImportResult.swift — what an import did, for people and as the line of `import --json`.

public import VarveFile
public import VarveModel

/// What one import, or several one after the other, did.
public struct ImportResult: Sendable {
    /// The counts and the span of times.
    public var receipt: Receipt { total.receipt }
    /// The first and the last of the commits that the replayed samples are in; nil if there are none.
    public var replayedCommits: ClosedRange<UInt64>? { total.replayed }
    /// The retention rules by which samples are expired, such as `product wind keeps 30d`; each once.
    public var rules: [String] { total.rules }
    /// "rfc3339", the unit of integer times, or nil where there was no valid time or files differ.
    public var timeUnit: String?
    /// How many models, products, points and devices were created.
    public var registered = 0
    /// Where the rejected rows are; nil if there were none.
    public var rejectedPath: String?
    /// Why the rejected rows could not be written down; the accepted ones are imported all the same.
    public var rejectedFailure: FileError?

    private var total = CommitTotal()

    /// Makes a result of nothing.
    public init() {}

    /// The exit code of a command that did this: 0 all in, 3 some rejected, 1 the rejected rows are lost.
    public var exitCode: Int32 {
        if rejectedFailure != nil { return 1 }
        return receipt.rejected == 0 ? 0 : 3
    }

    /// Takes what the batches of a file did.
    mutating func take(_ total: CommitTotal) { self.total = total }

    /// Adds the result of the next file.
    public mutating func add(_ other: ImportResult) {
        let isFirst = receipt.rows == 0
        if isFirst {
            timeUnit = other.timeUnit
        } else if other.receipt.rows > 0, timeUnit != other.timeUnit {
            timeUnit = nil
        }
        total.add(other.total)
        registered += other.registered
        rejectedPath = other.rejectedPath ?? rejectedPath
        rejectedFailure = rejectedFailure ?? other.rejectedFailure
    }

    /// The line that `import --json` ends with, without a line end.
    public func jsonLine(seconds: Double) -> String {
        var line: [UInt8] = []
        func add(_ text: String) { line.append(contentsOf: text.utf8) }
        add("{\"rows\":\(receipt.rows),\"samples\":\(receipt.samples),\"accepted\":\(receipt.accepted)")
        add(
            ",\"identical\":\(receipt.identical),\"corrected\":\(receipt.corrected),\"superseded\":\(receipt.superseded)"
        )
        add(",\"rejected\":\(receipt.rejected),\"skipped\":\(receipt.skipped)")
        add(",\"expired\":\(receipt.expired),\"replayed\":\(receipt.replayed)")
        add(
            ",\"from\":\(Self.quoted(receipt.from?.description)),\"to\":\(Self.quoted(receipt.to?.description))"
        )
        add(",\"timeUnit\":\(Self.quoted(timeUnit)),\"seconds\":")
        ValueText.append((max(0, seconds) * 1000).rounded() / 1000, to: &line)
        add("}")
        return String(decoding: line, as: UTF8.self)
    }

    private static func quoted(_ text: String?) -> String {
        text.map { "\"\($0)\"" } ?? "null"
    }
}
