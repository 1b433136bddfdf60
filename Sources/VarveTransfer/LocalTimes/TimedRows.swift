// TimedRows.swift — finds the moment of every row of an input before the row is handed on.
//
// A time with an offset, or an epoch, is a moment. A local time needs a zone: that of the row's own column, of the
// command, of the device, else UTC. Rows of a local hour that comes twice wait for the end of the input, because only
// all rows of a series show the pass of each. A local time that does not exist is refused, or shifted. A text that is not
// a time is refused.
//
// Invariants:
// - Every row reaches the inner consumer once: with its moment, or refused with the reason.
// - Rows keep their order, except that rows of repeated hours come last.
// - Nothing is remembered from one input to the next.

import VarveFile
import VarveModel
import VarveText

/// Reads the times of rows and hands them on.
struct TimedRows<Inner: TimedRowConsumer & ~Copyable>: ~Copyable, RowConsumer {
    /// The consumer of the rows.
    var inner: Inner
    /// The rows seen; in a wide file, its lines.
    private(set) var lines: UInt64 = 0
    private let options: LocalTimeOptions
    private let directory: (any PointDirectory)?
    private let product: String?
    private var times: TimeParser
    private var outcome = TimeParser.Outcome.failed
    private var clocks: [ZoneClock] = []
    private var clockNames: [String: Int] = [:]
    /// The text of the last zone cell and the index of its zone, or -1 if the text is no zone.
    private var lastCell: (text: [UInt8], clock: Int) = ([], -1)
    /// The devices whose local times were read, with their registered zone and the zone used.
    private var devices = SeriesTable<DeviceClocks>(empty: DeviceClocks())
    private var lineClock = -1
    private var seriesSteps = SeriesTable<TimeSteps>(empty: TimeSteps())
    private var forgotten = TimeSteps()
    /// Whether the input is a file of rejected rows.
    private let areMended: Bool
    private let waiting: SetAsideRows
    private var badZones: [String: String] = [:]

    /// The zones of a device, as indexes into `clocks`; -1 if not asked for yet.
    private struct DeviceClocks {
        var registered = -1
        var used = -1
    }

    /// The limits of names, in number and bytes, after which the directions of series are forgotten.
    private static var maximumSeries: Int { 1 << 18 }
    private static var maximumNameBytes: Int { 32 << 20 }
    /// The most zones of one input.
    private static var maximumZones: Int { 1024 }
    /// The rows examined in one pass over the waiting rows; this bounds the stretches in memory.
    private static var rowsPerPass: UInt64 { 1 << 20 }

    /// - Parameters:
    ///   - directory: Knows the zones of devices; nil if they are unknown.
    ///   - product: The product of rows that name none.
    ///   - waiting: Keeps the rows of repeated hours.
    ///   - areMended: Whether the input is a file of rejected rows.
    init(
        _ inner: consuming Inner, numbers: NumericTimes, options: LocalTimeOptions,
        directory: (any PointDirectory)?, product: String?, waiting: SetAsideRows, areMended: Bool = false
    ) {
        self.areMended = areMended
        self.inner = inner
        self.options = options
        self.directory = directory
        self.product = product
        self.waiting = waiting
        times = TimeParser(numbers)
        if let zone = options.zone {
            clocks.append(ZoneClock(zone, isAssumed: false))
            clockNames[zone.name] = 0
        }
    }

    /// Whether a number was read as an epoch.
    var hasEpochs: Bool { times.hasEpochs }
    /// Whether a time written as a date was read.
    var hasDates: Bool { times.hasDates }

    @inline(__always)
    mutating func take(_ row: borrowing Row) throws {
        if !row.continuesLine {
            lines &+= 1
            outcome = times.parse(row.time.base, row.time.count)
        }
        if outcome == .moment { return try inner.take(row, time: times.nanoseconds) }
        try takeOther(row)
    }

    mutating func reject(_ reason: String, line: Int, text: UnsafeRawBufferPointer) throws {
        lines &+= 1
        try inner.reject(reason, line: line, text: text)
    }

    mutating func advanced(bytesRead: Int) throws {
        try inner.advanced(bytesRead: bytesRead)
    }

    /// Hands on the rows that waited.
    ///
    /// - Throws: `FileError` if the waiting rows cannot be read, and what the inner consumer throws.
    mutating func finish() throws {
        guard waiting.count > 0 else { return }
        let passes = (waiting.count + Self.rowsPerPass - 1) / Self.rowsPerPass
        let file = seriesSteps.reduce(forgotten) { $0.add($1) }
        for pass in 0..<passes { try handOnWaiting(file: file, pass: pass, of: passes) }
    }

    /// The zones that local times were read in, with the counts of rows around clock changes.
    var zones: [ZoneUse] {
        clocks.filter { $0.used != nil || $0.repeated.rows > 0 || $0.missing.rows > 0 }.map(ZoneUse.init)
    }

    @inline(never)
    private mutating func takeOther(_ row: borrowing Row) throws {
        guard outcome == .local else {
            let reason =
                row.time.count == 0
                ? "the row has no time"
                : "the time \"\(row.time.excerpt)\" \(times.failure.description)"
            return try inner.refuse(row, reason)
        }
        if !row.continuesLine { lineClock = try clock(of: row) }
        let clock = lineClock
        guard clock >= 0 else {
            return try inner.refuse(row, badZones[row.zone.text] ?? "the zone of the row is unknown")
        }
        let local = times.local
        if let offset = clocks[clock].offset(ofLocal: local.seconds) {
            if !clocks[clock].isFixed, options.repeatedHour == .order { countStep(row, local) }
            return try handOn(row, local, offset: offset, clock)
        }
        if local.isDayStart { return try takeDayStart(row, local, clock) }
        switch clocks[clock].meaning(ofLocal: local.seconds) {
        case .once(let offset): try handOn(row, local, offset: offset, clock)
        case .twice(let earlier, let later):
            clocks[clock].repeated.rows += 1
            switch options.repeatedHour {
            case .first: try handOn(row, local, offset: earlier, clock)
            case .second: try handOn(row, local, offset: later, clock)
            case .reject:
                try refuse(
                    row, clock, \.repeated,
                    "the time \"\(row.time.excerpt)\" comes twice in \(clocks[clock].name)")
            case .order:
                try waiting.add(
                    row,
                    SetAsideRows.Place(
                        zone: UInt16(clock), seconds: local.seconds, fraction: local.fraction,
                        stretch: clocks[clock].lastStretch,
                        part: part(row, local, clocks[clock].lastStretch.start)))
            }
        case .never(let before, _):
            clocks[clock].missing.rows += 1
            if options.missingHour == .shift {
                return try handOn(row, local, offset: before, clock)
            }
            try refuse(row, clock, \.missing, missingReason(row, clock, offset: before))
        }
    }

    /// Refuses a row whose local time is not exactly one moment.
    ///
    /// A row with neither value nor quality is skipped instead, as nothing is lost.
    private mutating func refuse(
        _ row: borrowing Row, _ clock: Int, _ counts: WritableKeyPath<ZoneClock, ZoneClock.Counts>,
        _ reason: String
    ) throws {
        if try inner.skips(row) {
            clocks[clock][keyPath: counts].rows -= 1
            return try inner.take(row, time: 0)
        }
        clocks[clock][keyPath: counts].rejected += 1
        try inner.refuse(row, reason)
    }

    private func missingReason(_ row: borrowing Row, _ clock: Int, offset: Int64) -> String {
        "the time \"\(row.time.excerpt)\" does not exist in \(clocks[clock].name); if the logger's clock is not "
            + "changed in summer, use a fixed offset such as --tz \(FixedZone.text(ofOffset: Int(offset)))"
    }

    /// Reads a bare date, or 24:00, as the first moment of its day, whatever the clock shows then.
    private mutating func takeDayStart(_ row: borrowing Row, _ local: TimeText, _ clock: Int) throws {
        guard let start = clocks[clock].start(ofLocalDay: local.seconds) else {
            clocks[clock].missing.rows += 1
            return try refuse(
                row, clock, \.missing,
                "the day \"\(row.time.excerpt)\" does not exist in \(clocks[clock].name)")
        }
        try handOn(row, local, offset: local.seconds - start, clock)
    }

    @inline(__always)
    private mutating func handOn(
        _ row: borrowing Row, _ local: TimeText, offset: Int64, _ clock: Int
    ) throws {
        let moment = local.seconds - offset
        guard let time = try? Timestamp.make(seconds: moment, nanoseconds: local.fraction) else {
            return try inner.refuse(
                row, "the time \"\(row.time.excerpt)\" \(Timestamp.ParseFailure.outOfRange.description)")
        }
        clocks[clock].noteUse(at: moment)
        try inner.take(row, time: time.nanoseconds)
    }

    /// Counts the step of time to this row in its series.
    private mutating func countStep(_ row: borrowing Row, _ local: TimeText) {
        guard let entry = stepsEntry(of: row) else { return }
        seriesSteps[entry].add(local.seconds, local.fraction, line: lines)
    }

    /// Counts a row of a stretch, and returns the line at which its part of the series began.
    private mutating func part(_ row: borrowing Row, _ local: TimeText, _ stretch: Int64) -> UInt64 {
        guard let entry = stepsEntry(of: row) else { return 0 }
        seriesSteps[entry].add(local.seconds, local.fraction, stretch: stretch, line: lines)
        return seriesSteps[entry].line
    }

    private mutating func stepsEntry(of row: borrowing Row) -> Int? {
        if seriesSteps.count >= Self.maximumSeries || seriesSteps.nameBytes >= Self.maximumNameBytes {
            forgotten = seriesSteps.reduce(forgotten) { $0.add($1) }
            seriesSteps.removeAll()
        }
        guard row.hasStorableNames else { return nil }
        return seriesSteps.find(row.product, row.device, row.point)
    }
}

// MARK: - Zones

extension TimedRows where Inner: ~Copyable {
    /// The index of the zone of a row's local time; -1 if the row names an unknown zone.
    private mutating func clock(of row: borrowing Row) throws -> Int {
        guard row.hasStorableNames else { return options.zone == nil ? assumedClock() : 0 }
        if devices.count >= Self.maximumSeries || devices.nameBytes >= Self.maximumNameBytes {
            devices.removeAll()
        }
        let nothing = Field(base: row.point.base, count: 0, kind: .absent)
        let entry = devices.find(row.product, row.device, nothing)
        var clock = 0
        if row.zone.count > 0, !row.zone.isMissing {
            clock = self.clock(ofCell: row.zone)
        } else if options.zone == nil {
            if devices[entry].registered < 0 {
                devices[entry].registered = try deviceClock(devices.names(of: entry))
            }
            clock = devices[entry].registered
        }
        if clock >= 0 { devices[entry].used = clock }
        return clock
    }

    /// The devices whose local times were read, with the zone used.
    var deviceZones: [DeviceZone] {
        (0..<devices.count).compactMap { entry in
            guard devices[entry].used >= 0, let names = devices.names(of: entry) else { return nil }
            return DeviceZone(
                product: names.product.isEmpty ? product ?? "" : names.product, device: names.device,
                zone: clocks[devices[entry].used].name)
        }
    }

    private mutating func deviceClock(
        _ names: (product: String, device: String, point: String)?
    ) throws -> Int {
        guard let names, let directory,
            let name = try directory.timeZone(
                product: names.product.isEmpty ? product : names.product, device: names.device)
        else { return assumedClock() }
        guard let zones = options.zones else { return assumedClock() }
        let zone: any NamedZone
        do {
            zone = try zones.zone(named: name)
        } catch {
            throw ImportError.badDeviceZone(device: names.device, zone: name)
        }
        return clock(of: zone, isAssumed: false) ?? assumedClock()
    }

    private mutating func clock(ofCell cell: Field) -> Int {
        let bytes = UnsafeBufferPointer(start: cell.base, count: cell.count)
        if lastCell.text.elementsEqual(bytes) { return lastCell.clock }
        let name = cell.text
        var index = -1
        if badZones[name] == nil {
            do {
                guard let zones = options.zones else { throw ImportError.noZones }
                let zone = try zones.zone(named: name)
                if let known = clock(of: zone, isAssumed: false) {
                    index = known
                } else {
                    badZones[name] = "the input names more than \(Self.maximumZones) zones"
                }
            } catch {
                if badZones.count >= Self.maximumZones { badZones.removeAll() }
                badZones[name] = "the zone \"\(cell.excerpt)\" of the row is not known: \(error)"
            }
        }
        lastCell = (Array(bytes), index)
        return index
    }

    private mutating func clock(of zone: any NamedZone, isAssumed: Bool) -> Int? {
        let key = isAssumed ? "" : zone.name
        if let known = clockNames[key] { return known }
        guard clocks.count < Self.maximumZones else { return nil }
        clocks.append(ZoneClock(zone, isAssumed: isAssumed))
        clockNames[key] = clocks.count - 1
        return clocks.count - 1
    }

    /// The index of UTC, assumed because no zone is named.
    private mutating func assumedClock() -> Int { clock(of: FixedZone(), isAssumed: true) ?? -1 }
}

// MARK: - Repeated hours

extension TimedRows where Inner: ~Copyable {
    /// One series in one stretch.
    private struct StretchKey: Hashable {
        var zone: UInt16
        var series: Int
        var start: Int64
    }

    /// Hands on the waiting rows of one share of the series: those whose hash of names, modulo `passes`, is `pass`.
    private mutating func handOnWaiting(file: TimeSteps, pass: UInt64, of passes: UInt64) throws {
        var names = SeriesTable<Bool>(empty: true)
        var runs: [StretchKey: StretchRuns] = [:]
        func key(_ row: borrowing Row, _ place: SetAsideRows.Place) -> StretchKey? {
            guard row.hasStorableNames else {
                return pass == 0 ? StretchKey(zone: 0, series: -1, start: 0) : nil
            }
            let share = passes == 1 ? 0 : row.nameHash % passes
            guard share == pass else { return nil }
            let entry = names.find(row.product, row.device, row.point)
            return StretchKey(zone: place.zone, series: entry, start: place.stretch.start)
        }
        try waiting.forEach { row, place in
            guard let key = key(row, place), key.series >= 0 else { return }
            runs[key, default: StretchRuns()].add(row.run(place))
        }
        var verdicts: [StretchKey: StretchRuns.Verdict] = [:]
        for (key, one) in runs {
            guard let name = names.names(of: key.series) else {
                verdicts[key] = .oneRun
                continue
            }
            let series = seriesSteps.find(product: name.product, device: name.device, point: name.point)
            verdicts[key] = one.verdict(
                series: series.map { seriesSteps[$0] } ?? TimeSteps(), file: file, areMended: areMended)
        }
        runs.removeAll()
        var counters: [StretchKey: RunCounter] = [:]
        try waiting.forEach { row, place in
            guard let key = key(row, place) else { return }
            let zone = Int(place.zone)
            switch verdicts[key] {
            case .passes(let direction, let joinsEqual):
                let run = counters[key, default: RunCounter(direction, joinsEqual: joinsEqual)]
                    .add(row.run(place))
                let isFirst = (run == 0) == (direction == .ascending)
                let offset = isFirst ? place.stretch.earlier : place.stretch.later
                try handOn(
                    row, TimeText(seconds: place.seconds, fraction: place.fraction), offset: offset, zone)
            case let verdict:
                try refuse(row, zone, \.repeated, (verdict ?? .oneRun).reason(zone: clocks[zone].name))
            }
        }
    }
}
