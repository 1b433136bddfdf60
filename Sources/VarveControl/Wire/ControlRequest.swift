// ControlRequest.swift — the requests of a command to a running service, and their bytes.
//
// Byte tables: ControlProtocol.md.
//
// Invariants:
// - The raw values of the kinds are part of the protocol.

import VarveCodec
import VarveModel

/// A request to the service.
enum ControlRequest: Hashable {
    /// The greeting. It is the first request of a connection, and no other.
    case hello(version: UInt16)
    case status
    case horizon
    case registryChanged
    case beginImport
    case endImport
    case storedType(SeriesKey)
    /// Announces a batch. Its rows follow once the service has agreed.
    case batch(BatchHeader)
    case compact(waits: Bool)
    case flush
    case delete(DeletionOrder)
    case metrics
    case changeType(TypeChange)
    /// Rows of a list, from the end of a page on.
    case names(NameKind, after: [String])

    enum Kind: UInt8 {
        case hello = 1
        case status = 2
        case horizon = 3
        case registryChanged = 4
        case beginImport = 5
        case endImport = 6
        case storedType = 7
        case batch = 8
        case rows = 9
        case compact = 10
        case flush = 11
        case delete = 12
        case metrics = 13
        case changeType = 14
        case names = 15
    }

    var kind: Kind {
        switch self {
        case .hello: .hello
        case .status: .status
        case .horizon: .horizon
        case .registryChanged: .registryChanged
        case .beginImport: .beginImport
        case .endImport: .endImport
        case .storedType: .storedType
        case .batch: .batch
        case .compact: .compact
        case .flush: .flush
        case .delete: .delete
        case .metrics: .metrics
        case .changeType: .changeType
        case .names: .names
        }
    }

    /// Whether the request changes nothing, so that everybody who may read the directory may send it.
    var onlyReads: Bool {
        switch self {
        case .hello, .status, .horizon, .storedType, .metrics, .names: true
        case .registryChanged, .beginImport, .endImport, .batch, .compact, .flush, .delete, .changeType: false
        }
    }

    var frame: Frame {
        Frame(kind: kind.rawValue) { writer in
            switch self {
            case .hello(let version):
                ControlLimits.magic.withUnsafeBytes { writer.append(bytes: $0) }
                writer.append(version)
            case .storedType(let key): key.write(to: &writer)
            case .batch(let header): header.write(to: &writer)
            case .delete(let order): order.write(to: &writer)
            case .changeType(let order): order.write(to: &writer)
            case .names(let kind, let end):
                writer.append(kind.rawValue)
                NamePage.write(end, to: &writer)
            case .compact(let waits): writer.append(UInt8(waits ? 1 : 0))
            case .status, .horizon, .registryChanged, .beginImport, .endImport, .flush, .metrics: break
            }
        }
    }

    init(kind: UInt8, from reader: inout ByteReader) throws {
        switch Kind(rawValue: kind) {
        case .hello:
            let magic = try reader.bytes(count: ControlLimits.magic.count)
            guard magic.elementsEqual(ControlLimits.magic) else {
                throw reader.failure("a greeting begins otherwise")
            }
            self = .hello(version: try reader.integer())
        case .status: self = .status
        case .horizon: self = .horizon
        case .registryChanged: self = .registryChanged
        case .beginImport: self = .beginImport
        case .endImport: self = .endImport
        case .storedType: self = .storedType(try SeriesKey(from: &reader))
        case .batch: self = .batch(try BatchHeader(from: &reader))
        case .compact: self = .compact(waits: try reader.flag())
        case .flush: self = .flush
        case .metrics: self = .metrics
        case .delete: self = .delete(try DeletionOrder(from: &reader))
        case .changeType: self = .changeType(try TypeChange(from: &reader))
        case .names:
            guard let kind = NameKind(rawValue: try reader.byte()) else {
                throw reader.failure("there is no such list")
            }
            self = .names(kind, after: try NamePage.end(from: &reader))
        case .rows: throw reader.failure("rows without a batch that was agreed to")
        case nil: throw reader.failure("request \(kind) is unknown")
        }
    }
}

extension ByteReader {
    /// Reads a byte that is 0 or 1.
    mutating func flag() throws(CodecError) -> Bool {
        let value = try byte()
        guard value < 2 else { throw failure("\(value) is neither yes nor no") }
        return value == 1
    }
}

extension SeriesKey {
    func write(to writer: inout ByteWriter) {
        writer.append(text: product)
        writer.append(text: device)
        writer.append(text: point)
    }

    init(from reader: inout ByteReader) throws(CodecError) {
        self.init(
            product: try reader.text(limit: Self.maximumNameBytes),
            device: try reader.text(limit: Self.maximumNameBytes),
            point: try reader.text(limit: Self.maximumNameBytes))
    }
}
