// SetAsideRows.swift — rows that wait for the end of the input, in memory and then in a temporary file.
//
// A frame is a sequence of records. A line record is a byte 1, the line's number (8 bytes), the length of its text (4)
// and the text. A row record is a byte 0, the members of its `Place`, and for each of six fields the kind (1 byte), the
// length (4) and the bytes.
//
// Invariants:
// - Memory is one frame and the longest row, however many rows wait.
// - A frame can be read alone: in each frame, the text of a line comes before the first row of that line.
// - The temporary file loses its name before it is written to, so no crash leaves it behind.

import Glibc
import Synchronization
import VarveFile
import VarveModel
import VarveText

/// Keeps rows and hands them out again in their order.
final class SetAsideRows {
    /// What is kept of a row besides its fields.
    struct Place {
        /// The index of its zone.
        var zone: UInt16
        var seconds: Int64
        var fraction: Int64
        var stretch: RepeatedStretch
        /// The line at which the row's part of the series began (see `TimeSteps.line`); 0 for none.
        var part: UInt64 = 0
    }

    private let files: any FileSystem
    private let folder: String
    private let frameSize: Int
    private var frame: [UInt8] = []
    private var frames: [(start: Int, count: Int)] = []
    private var spilled = 0
    private var file: (any File)?
    private var lastLine = 0
    /// The number of rows that wait.
    private(set) var count: UInt64 = 0

    private static let counter = Atomic<UInt64>(0)

    /// Makes an empty collection of rows.
    ///
    /// - Parameters:
    ///   - folder: The folder of the temporary file; the file is made only if it is needed.
    ///   - frameSize: The bytes kept in memory before a frame is written to the file.
    init(_ files: any FileSystem, folder: String, frameSize: Int = 8 << 20) {
        self.files = files
        self.folder = folder
        self.frameSize = frameSize
    }

    deinit {
        file?.close()
    }

    /// Keeps a copy of a row.
    ///
    /// - Throws: `FileError` if the temporary file cannot be made or written.
    func add(_ row: borrowing Row, _ place: Place) throws {
        if frame.count >= frameSize { try spill() }
        if row.line != lastLine {
            frame.append(1)
            append(UInt64(row.line))
            append(UInt32(row.text.count))
            frame.append(contentsOf: row.text)
            lastLine = row.line
        }
        frame.append(0)
        append(place.zone)
        append(place.seconds)
        append(place.fraction)
        append(place.stretch.start)
        append(place.stretch.end)
        append(place.stretch.earlier)
        append(place.stretch.later)
        append(place.part)
        for field in [row.product, row.device, row.point, row.value, row.quality, row.type] {
            frame.append(field.kind.rawValue)
            append(UInt32(field.count))
            frame.append(contentsOf: UnsafeBufferPointer(start: field.base, count: field.count))
        }
        count += 1
    }

    /// Calls `body` with all rows, in the order in which they were added.
    ///
    /// The rows are kept.
    ///
    /// - Throws: `FileError` if the temporary file cannot be read, and what `body` throws.
    func forEach(_ body: (_ row: borrowing Row, _ place: Place) throws -> Void) throws {
        var buffer: [UInt8] = []
        for one in frames {
            guard let file else { break }
            buffer = [UInt8](repeating: 0, count: one.count)
            var filled = 0
            while filled < one.count {
                let offset = one.start + filled
                let target = filled
                let read = try buffer.withUnsafeMutableBytes { bytes in
                    try file.read(into: UnsafeMutableRawBufferPointer(rebasing: bytes[target...]), at: offset)
                }
                guard read > 0 else { throw FileError("read", file.path, code: EIO) }
                filled += read
            }
            try Self.walk(buffer, body)
        }
        try Self.walk(frame, body)
    }

    private func spill() throws {
        if file == nil {
            let number = Self.counter.add(1, ordering: .relaxed).newValue
            let path = "\(folder)/rows-\(getpid())-\(number).partial"
            let new = try files.open(path, .createNew)
            file = new
            try files.remove(path)
        }
        try file?.append(frame)
        frames.append((spilled, frame.count))
        spilled += frame.count
        frame.removeAll(keepingCapacity: true)
        lastLine = 0
    }

    private func append<Value: FixedWidthInteger>(_ value: Value) {
        withUnsafeBytes(of: value.littleEndian) { frame.append(contentsOf: $0) }
    }

    private static func walk(
        _ frame: [UInt8], _ body: (_ row: borrowing Row, _ place: Place) throws -> Void
    ) throws {
        try frame.withUnsafeBytes { bytes in
            var position = 0
            func readInteger<Value: FixedWidthInteger>(_: Value.Type) -> Value {
                defer { position += MemoryLayout<Value>.size }
                return Value(littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: Value.self))
            }
            var line = 0
            var text = UnsafeRawBufferPointer(rebasing: bytes[0..<0])
            while position < bytes.count {
                if readInteger(UInt8.self) == 1 {
                    line = Int(readInteger(UInt64.self))
                    let count = Int(readInteger(UInt32.self))
                    text = UnsafeRawBufferPointer(rebasing: bytes[position..<position + count])
                    position += count
                    continue
                }
                let place = Place(
                    zone: readInteger(UInt16.self), seconds: readInteger(Int64.self),
                    fraction: readInteger(Int64.self),
                    stretch: RepeatedStretch(
                        start: readInteger(Int64.self), end: readInteger(Int64.self),
                        earlier: readInteger(Int64.self),
                        later: readInteger(Int64.self)), part: readInteger(UInt64.self))
                func field() -> Field? {
                    guard let kind = FieldKind(rawValue: readInteger(UInt8.self)),
                        let base = bytes.baseAddress
                    else {
                        return nil
                    }
                    let count = Int(readInteger(UInt32.self))
                    defer { position += count }
                    let start = (base + position).assumingMemoryBound(to: UInt8.self)
                    return Field(base: start, count: count, kind: kind)
                }
                guard let product = field(), let device = field(), let point = field(), let value = field(),
                    let quality = field(), let type = field()
                else { preconditionFailure("a frame holds what was appended to it") }
                let nothing = Field(base: value.base, count: 0, kind: .absent)
                try body(
                    Row(
                        product: product, device: device, point: point, time: nothing, value: value,
                        quality: quality, zone: nothing, type: type, continuesLine: false, line: line,
                        text: text), place)
            }
        }
    }
}
