// ImportResult.swift — what an import did, for people and as the line of `import --json`.

public import VarveFile
public import VarveModel
import VarveText

/// The result of one import, or the sum of several.
public struct ImportResult: Sendable {
    /// The counts and the span of times.
    public var receipt: Receipt { total.receipt }
    /// The first and the last of the commits that hold the replayed samples; nil without replayed samples.
    public var replayedCommits: ClosedRange<UInt64>? { total.replayed }
    /// The first and the last of the commits that applied something; nil if nothing was applied, and for a dry run.
    public var commits: ClosedRange<UInt64>? { isDryRun ? nil : total.commits }
    /// Whether the import only counted.
    public var isDryRun = false
    /// The retention rules that samples expired by, such as `product wind keeps 30d`; each once.
    public var rules: [String] { total.rules }
    /// `rfc3339` or the name of the unit of integer times; nil if there was no valid time or the files differ.
    public var timeUnit: String?
    /// The number of models, products, points and devices created.
    public var registered = 0
    /// The points that `registers` created; for a dry run, those it would create.
    public var newPoints: [NewPoint] = []
    /// Text points, registered before this import, with more numbers than other texts.
    public var numericTexts: [NumericTextPoint] = []
    /// The zones that local times were read in.
    public var zones: [ZoneUse] = []
    /// Devices whose local times an earlier import read in another zone, with that zone.
    public var otherZones: [DeviceZone] = []
    /// The columns that were passed over because their model has no such point.
    public var passedOver: [String] = []
    /// The number of rejected samples whose product, device or point is unknown.
    public var unknown: UInt64 = 0
    /// The first rejected row of the first file that has one.
    public var firstRejected: RejectedRow?
    /// The path of the rejected rows of the first file that has some; nil without rejected rows.
    public var rejectedPath: String?
    /// The number of files of rejected rows.
    public var rejectedFiles: UInt64 = 0
    /// What is odd about numbers that were read as epochs; nil if nothing is odd.
    public var oddEpochs: OddEpochs?
    /// Why the rejected rows could not be written to their file; the accepted rows are imported all the same.
    public var rejectedFailure: FileError?

    private var total = CommitTotal()

    /// Makes the result of an import of no rows.
    public init() {}

    /// The exit code of the command: 0 if all rows were accepted, 3 if some were rejected, 1 if rejected rows are lost.
    public var exitCode: Int32 {
        if rejectedFailure != nil { return 1 }
        return receipt.rejected == 0 ? 0 : 3
    }

    mutating func setTotal(_ total: CommitTotal) { self.total = total }

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

    /// The last line that `import --json` prints, without its line end.
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

    /// Appends the members about registration and zones; an empty member is left out.
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

/// A text point that got more numbers than other texts.
public struct NumericTextPoint: Hashable, Sendable {
    /// The product of the devices.
    public var product: String
    /// The product's model; empty until it is looked up.
    public var model = ""
    /// The `pointId`.
    public var point: String
    /// The number of values that were numbers.
    public var numbers: UInt64
}
