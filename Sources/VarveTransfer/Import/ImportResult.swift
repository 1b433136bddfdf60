// ImportResult.swift — what an import did, for people and as the line of `import --json`.

public import VarveFile
public import VarveModel

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
    /// The number of skipped samples whose points the policies of their products do not store.
    public var notStored: UInt64 = 0
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
            let known = numericTexts.firstIndex {
                $0.product.sameBytes(as: point.product) && $0.point.sameBytes(as: point.point)
            }
            if let known { numericTexts[known].numbers += point.numbers } else { numericTexts.append(point) }
        }
        zones.add(other.zones)
        otherZones += other.otherZones
        for name in other.passedOver where !passedOver.contains(where: name.sameBytes) {
            passedOver.append(name)
        }
        unknown += other.unknown
        notStored += other.notStored
        firstRejected = firstRejected ?? other.firstRejected
        rejectedPath = rejectedPath ?? other.rejectedPath
        rejectedFiles += other.rejectedFiles
        oddEpochs = oddEpochs ?? other.oddEpochs
        rejectedFailure = rejectedFailure ?? other.rejectedFailure
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
