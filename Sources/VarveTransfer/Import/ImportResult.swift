// ImportResult.swift — what an import did, for people and as the line of `import --json`.

public import VarveFile
public import VarveModel
import VarveText

/// What one import, or several one after the other, did.
public struct ImportResult: Sendable {
    /// The counts and the span of times.
    public var receipt: Receipt { total.receipt }
    /// The first and the last of the commits that the replayed samples are in; nil if there are none.
    public var replayedCommits: ClosedRange<UInt64>? { total.replayed }
    /// The first and the last of the commits that applied something; nil if nothing was applied, or for a dry run.
    public var commits: ClosedRange<UInt64>? { isDryRun ? nil : total.commits }
    /// Whether nothing was to be applied.
    public var isDryRun = false
    /// The retention rules by which samples are expired, such as `product wind keeps 30d`; each once.
    public var rules: [String] { total.rules }
    /// "rfc3339", the unit of integer times, or nil where there was no valid time or files differ.
    public var timeUnit: String?
    /// How many models, products, points and devices were created.
    public var registered = 0
    /// The points that `registers` created, or would create.
    public var newPoints: [NewPoint] = []
    /// Text points, registered before, of which most values were numbers.
    public var numericTexts: [NumericTextPoint] = []
    /// The zones that local times were read in.
    public var zones: [ZoneUse] = []
    /// Devices whose local times an earlier import read in another zone, with that zone.
    public var otherZones: [DeviceZone] = []
    /// Columns that were passed over as they are no points.
    public var passedOver: [String] = []
    /// The rejected samples of which product, device or point is not known.
    public var unknown: UInt64 = 0
    /// The first rejected row of the first file that has one.
    public var firstRejected: RejectedRow?
    /// Where the rejected rows of the first file that has some are; nil if there were none.
    public var rejectedPath: String?
    /// How many files of rejected rows there are.
    public var rejectedFiles: UInt64 = 0
    /// Numbers read as epochs whose times are those of another unit or form; nil if nothing is odd.
    public var oddEpochs: OddEpochs?
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
        isDryRun = isDryRun || other.isDryRun
        registered += other.registered
        newPoints += other.newPoints
        for point in other.numericTexts {
            let known = numericTexts.firstIndex { $0.product == point.product && $0.point == point.point }
            if let known { numericTexts[known].numbers += point.numbers } else { numericTexts.append(point) }
        }
        zones.add(other.zones)
        otherZones += other.otherZones
        for name in other.passedOver where !passedOver.contains(name) { passedOver.append(name) }
        unknown += other.unknown
        firstRejected = firstRejected ?? other.firstRejected
        rejectedPath = rejectedPath ?? other.rejectedPath
        rejectedFiles += other.rejectedFiles
        oddEpochs = oddEpochs ?? other.oddEpochs
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
        addDetails(to: &line)
        add("}")
        return String(decoding: line, as: UTF8.self)
    }

    /// What `register` created and what the zones did; members only where there is something to say.
    private func addDetails(to line: inout [UInt8]) {
        func add(_ text: String) { line.append(contentsOf: text.utf8) }
        func add(_ name: String, _ text: String) {
            add(",\"\(name)\":")
            JSONString.append(text, to: &line)
        }
        func add<Element>(_ name: String, _ elements: [Element], _ body: (Element) -> Void) {
            guard !elements.isEmpty else { return }
            add(",\"\(name)\":[")
            for (index, element) in elements.enumerated() {
                add(index == 0 ? "{" : ",{")
                body(element)
                add("}")
            }
            add("]")
        }
        add("newPoints", newPoints) { point in
            add("\"type\":\"\(point.type.name)\",\"mixed\":\(point.isMixed),\"numbers\":\(point.numbers)")
            add(",\"texts\":\(point.texts),\"words\":\(point.words),\"numberLooks\":\(point.numberLooks)")
            add(",\"looksLikeNumbers\":\(point.looksLikeNumbers)")
            if let example = point.example { add("example", example) }
            add("product", point.product)
            add("point", point.point)
        }
        add("numericTexts", numericTexts) { point in
            add("\"numbers\":\(point.numbers)")
            add("model", point.model)
            add("point", point.point)
        }
        add("zones", zones) { zone in
            add("\"assumed\":\(zone.isAssumed),\"repeated\":\(zone.repeated)")
            add(",\"repeatedRejected\":\(zone.repeatedRejected),\"missing\":\(zone.missing)")
            add(",\"missingRejected\":\(zone.missingRejected)")
            add("name", zone.name)
            add("offsets", zone.offsets)
        }
        add("otherZones", otherZones) { zone in
            add("\"zone\":\"\(zone.zone)\"")
            add("product", zone.product)
            add("device", zone.device)
        }
    }

    private static func quoted(_ text: String?) -> String {
        text.map { "\"\($0)\"" } ?? "null"
    }
}

/// A text point that got numbers.
public struct NumericTextPoint: Hashable, Sendable {
    /// The product of the devices.
    public var product: String
    /// The product's model; empty until it is looked up.
    public var model = ""
    /// The `pointId`.
    public var point: String
    /// How many values were numbers.
    public var numbers: UInt64
}
