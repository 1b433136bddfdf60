// CSVRows.swift — CSV rows, long and wide, as readings.

/// Rows of `device,point,time,value…` in the header's order.
struct CSVRows: ~Copyable, RowScanner {
    private var scanner: CSVFieldScanner
    private let columnCount: Int
    // Column positions; those the input does not have point at a field that stays absent.
    private let device: Int
    private let point: Int
    private let time: Int
    private let value: Int
    private let quality: Int
    private let product: Int
    private let type: Int

    init(_ header: CSVHeader, maximumRowBytes: Int) {
        columnCount = header.columnCount
        let absent = header.columnCount
        scanner = CSVFieldScanner(maximumFields: absent, spare: 1, maximumRowBytes: maximumRowBytes)
        device = header.device
        time = header.time
        point = header.point ?? absent
        value = header.value ?? absent
        quality = header.quality ?? absent
        product = header.product ?? absent
        type = header.type ?? absent
    }

    var next: UnsafePointer<UInt8> { scanner.next }
    var textEnd: UnsafePointer<UInt8> { scanner.textEnd }
    var lineCount: Int { scanner.lineCount }
    var problem: String { scanner.problem }

    @inline(__always)
    mutating func scan(
        _ start: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>, atEnd: Bool
    ) -> ScanStatus {
        scanner.scan(start, end, atEnd: atEnd)
    }

    @inline(__always)
    mutating func deliver<Consumer: RowConsumer & ~Copyable>(
        to consumer: inout Consumer, line: Int, text: UnsafeRawBufferPointer
    ) throws {
        guard scanner.fieldCount == columnCount else {
            return try consumer.reject(scanner.countProblem(expected: columnCount), line: line, text: text)
        }
        let fields = scanner.fields
        try consumer.take(
            Row(
                product: fields[product], device: fields[device], point: fields[point], time: fields[time],
                value: fields[value], quality: fields[quality], type: fields[type], continuesLine: false,
                line: line, text: text))
    }
}

/// Rows of `time,device,<point>,<point>…`: each cell is a reading.
struct WideCSVRows: ~Copyable, RowScanner {
    private var scanner: CSVFieldScanner
    private let header: CSVHeader
    private let names: UnsafeMutablePointer<Field>
    private let nameBytes: UnsafeMutablePointer<UInt8>
    private let absent: Int

    init(_ header: CSVHeader, maximumRowBytes: Int) {
        self.header = header
        absent = header.columnCount
        scanner = CSVFieldScanner(maximumFields: absent, spare: 1, maximumRowBytes: maximumRowBytes)
        let size = header.points.reduce(1) { $0 + $1.name.utf8.count }
        nameBytes = .allocate(capacity: size)
        names = .allocate(capacity: max(1, header.points.count))
        var offset = 0
        for (index, point) in header.points.enumerated() {
            let bytes = Array(point.name.utf8)
            (nameBytes + offset).initialize(from: bytes, count: bytes.count)
            let field = Field(base: UnsafePointer(nameBytes + offset), count: bytes.count, kind: .plain)
            (names + index).initialize(to: field)
            offset += bytes.count
        }
    }

    deinit {
        names.deallocate()
        nameBytes.deallocate()
    }

    var next: UnsafePointer<UInt8> { scanner.next }
    var textEnd: UnsafePointer<UInt8> { scanner.textEnd }
    var lineCount: Int { scanner.lineCount }
    var problem: String { scanner.problem }

    mutating func scan(
        _ start: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>, atEnd: Bool
    ) -> ScanStatus {
        scanner.scan(start, end, atEnd: atEnd)
    }

    mutating func deliver<Consumer: RowConsumer & ~Copyable>(
        to consumer: inout Consumer, line: Int, text: UnsafeRawBufferPointer
    ) throws {
        guard scanner.fieldCount == header.columnCount else {
            let reason = scanner.countProblem(expected: header.columnCount)
            return try consumer.reject(reason, line: line, text: text)
        }
        let fields = scanner.fields
        var row = Row(
            product: fields[header.product ?? absent], device: fields[header.device], point: names[0],
            time: fields[header.time], value: fields[absent], quality: fields[header.quality ?? absent],
            type: fields[absent], continuesLine: false, line: line, text: text)
        for index in header.points.indices {
            row.point = names[index]
            row.value = fields[header.points[index].column]
            try consumer.take(row)
            row.continuesLine = true
        }
    }
}

extension CSVFieldScanner {
    /// Why a row with another number of fields than the header is rejected.
    func countProblem(expected: Int) -> String {
        if isUnterminated, fieldCount < expected {
            return "half a line: the input ends after \(fieldCount) of \(expected) fields"
        }
        return "\(fieldCount) fields where the header has \(expected)"
    }
}
