// ControlReply.swift — the service's answers, and their bytes.
//
// Byte tables: ControlProtocol.md.
//
// Invariants:
// - Every request gets exactly one reply. Any number of `working` may precede it.
// - The raw values of the kinds are part of the protocol.

import VarveCodec
import VarveModel

/// An answer of the service.
enum ControlReply {
    case welcome(version: UInt16, ServiceIdentity)
    case done
    case status(ServiceStatus)
    case horizon(UInt64)
    case storedType(ValueType?)
    case outcome(BatchOutcome)
    case compaction(CompactionReport)
    /// A sign of life: the request is being carried out. `total` is 0 if nothing is counted.
    case working(done: UInt64, total: UInt64)
    case failure(ControlError)
    case deletion(DeletionReport)
    case metrics(String)
    case typeChange(RetypingReport)
    case names(NamePage)

    enum Kind: UInt8 {
        case welcome = 129
        case done = 130
        case status = 131
        case horizon = 132
        case storedType = 133
        case outcome = 134
        case compaction = 135
        case working = 136
        case failure = 137
        case deletion = 138
        case metrics = 139
        case typeChange = 140
        case names = 141
    }

    var kind: Kind {
        switch self {
        case .welcome: .welcome
        case .done: .done
        case .status: .status
        case .horizon: .horizon
        case .storedType: .storedType
        case .outcome: .outcome
        case .compaction: .compaction
        case .working: .working
        case .failure: .failure
        case .deletion: .deletion
        case .metrics: .metrics
        case .typeChange: .typeChange
        case .names: .names
        }
    }

    var frame: Frame {
        Frame(kind: kind.rawValue) { writer in
            switch self {
            case .welcome(let version, let identity):
                ControlLimits.magic.withUnsafeBytes { writer.append(bytes: $0) }
                writer.append(version)
                identity.write(to: &writer)
            case .done: break
            case .status(let status):
                status.identity.write(to: &writer)
                writer.appendVarint(status.lastCommit)
                writer.append(text: ControlLimits.line(status.broker))
            case .horizon(let commit): writer.appendVarint(commit)
            case .storedType(let type): writer.append(type?.rawValue ?? 0)
            case .outcome(let outcome): outcome.write(to: &writer)
            case .compaction(let counts): counts.write(to: &writer)
            case .deletion(let counts): counts.write(to: &writer)
            case .metrics(let text): writer.append(text: text)
            case .typeChange(let counts): counts.write(to: &writer)
            case .names(let page): page.write(to: &writer)
            case .working(let done, let total):
                writer.appendVarint(done)
                writer.appendVarint(total)
            case .failure(let error):
                writer.append(error.kind.rawValue)
                writer.append(text: error.reason)
            }
        }
    }

    init(kind: UInt8, from reader: inout ByteReader) throws {
        switch Kind(rawValue: kind) {
        case .welcome:
            let magic = try reader.bytes(count: ControlLimits.magic.count)
            guard magic.elementsEqual(ControlLimits.magic) else {
                throw reader.failure("a greeting begins otherwise")
            }
            self = .welcome(version: try reader.integer(), try ServiceIdentity(from: &reader))
        case .done: self = .done
        case .status:
            self = .status(
                ServiceStatus(
                    identity: try ServiceIdentity(from: &reader), lastCommit: try reader.varint(),
                    broker: try reader.text(limit: ControlLimits.lineBytes)))
        case .horizon: self = .horizon(try reader.varint())
        case .storedType:
            let type = try reader.byte()
            guard type == 0 || ValueType(rawValue: type) != nil else {
                throw reader.failure("type \(type) is unknown")
            }
            self = .storedType(ValueType(rawValue: type))
        case .outcome: self = .outcome(try BatchOutcome(from: &reader))
        case .compaction: self = .compaction(try CompactionReport(from: &reader))
        case .deletion: self = .deletion(try DeletionReport(from: &reader))
        case .metrics: self = .metrics(try reader.text(limit: ControlLimits.metricsBytes))
        case .typeChange: self = .typeChange(try RetypingReport(from: &reader))
        case .names: self = .names(try NamePage(from: &reader))
        case .working: self = .working(done: try reader.varint(), total: try reader.varint())
        case .failure:
            let kind = ControlError.Kind(rawValue: try reader.byte()) ?? .failed
            self = .failure(ControlError(kind, try reader.text(limit: ControlLimits.lineBytes)))
        case nil: throw reader.failure("answer \(kind) is unknown")
        }
    }
}

extension ServiceIdentity {
    fileprivate func write(to writer: inout ByteWriter) {
        writer.append(text: String(version.prefix(64)))
        writer.appendVarint(UInt64(max(processID, 0)))
        writer.append(startedAt.nanoseconds)
    }

    fileprivate init(from reader: inout ByteReader) throws {
        self.init(
            version: try reader.text(limit: 256),
            processID: try reader.varint(limit: Int(Int32.max), "a process id"),
            startedAt: Timestamp(nanoseconds: try reader.integer(as: Int64.self)))
    }
}

extension BatchOutcome {
    private static let replayFlag: UInt8 = 1
    private static let spanFlag: UInt8 = 2

    fileprivate func write(to writer: inout ByteWriter) {
        let span = receipt.from.flatMap { from in receipt.to.map { (from, $0) } }
        writer.append((isReplay ? Self.replayFlag : 0) | (span == nil ? 0 : Self.spanFlag))
        writer.appendVarint(commit)
        for count in [
            receipt.accepted, receipt.identical, receipt.corrected, receipt.superseded, receipt.expired,
            receipt.replayed,
        ] {
            writer.appendVarint(count)
        }
        let named = rules.prefix(Self.namedRules)
        writer.appendVarint(UInt64(named.count))
        for rule in named { writer.append(text: rule) }
        guard let span else { return }
        writer.append(span.0.nanoseconds)
        writer.append(span.1.nanoseconds)
    }

    fileprivate init(from reader: inout ByteReader) throws {
        let flags = try reader.byte()
        guard flags < 4 else { throw reader.failure("unknown flags") }
        let commit = try reader.varint()
        var receipt = Receipt()
        receipt.accepted = try Self.count(&reader)
        receipt.identical = try Self.count(&reader)
        receipt.corrected = try Self.count(&reader)
        receipt.superseded = try Self.count(&reader)
        receipt.expired = try Self.count(&reader)
        receipt.replayed = try Self.count(&reader)
        var rules: [String] = []
        for _ in 0..<(try reader.varint(limit: Self.namedRules, "the number of rules")) {
            rules.append(try reader.text(limit: ControlLimits.lineBytes))
        }
        if flags & Self.spanFlag != 0 {
            receipt.from = Timestamp(nanoseconds: try reader.integer(as: Int64.self))
            receipt.to = Timestamp(nanoseconds: try reader.integer(as: Int64.self))
        }
        self.init(receipt: receipt, isReplay: flags & Self.replayFlag != 0, commit: commit, rules: rules)
    }

    /// A count of rows.
    ///
    /// The limit keeps the sum of many receipts from overflowing.
    private static func count(_ reader: inout ByteReader) throws -> UInt64 {
        UInt64(try reader.varint(limit: 1 << 40, "a count"))
    }
}

extension CompactionReport {
    fileprivate func write(to writer: inout ByteWriter) {
        for count in [UInt64(segments), samplesIn, dropped, kept, deleted, bytesIn, bytesOut] {
            writer.appendVarint(count)
        }
    }

    fileprivate init(from reader: inout ByteReader) throws {
        self.init()
        segments = try reader.varint(limit: .max, "a count")
        samplesIn = UInt64(try reader.varint(limit: .max, "a count"))
        dropped = UInt64(try reader.varint(limit: .max, "a count"))
        kept = UInt64(try reader.varint(limit: .max, "a count"))
        deleted = UInt64(try reader.varint(limit: .max, "a count"))
        bytesIn = UInt64(try reader.varint(limit: .max, "a count"))
        bytesOut = UInt64(try reader.varint(limit: .max, "a count"))
    }
}
