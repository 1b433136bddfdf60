// CSVRows.swift — CSV rows, long and wide, as readings.

import VarveText

/// Rows of `device,point,time,value…` in the header's order.
struct CSVRows: ~Copyable, RowScanner {
    private var scanner: CSVFieldScanner
    private let columnCount: Int
    // Column positions; a column that the input lacks points at a field that is always absent.
    private let device: Int
    private let point: Int
    private let time: Int
    private let value: Int
    private let quality: Int
    private let product: Int
    private let zone: Int
    private let nameless: NamelessColumns
    private let type: Int

    init(_ header: CSVHeader, maximumRowBytes: Int, lineEnd: UInt8, ignoresColumns: Bool) {
        columnCount = header.columnCount
        nameless = NamelessColumns(header, ignoresContent: ignoresColumns)
        let absent = nameless.maximumFields
        scanner = CSVFieldScanner(
            maximumFields: absent, spare: 1, maximumRowBytes: maximumRowBytes, lineEnd: lineEnd)
        device = header.device
        time = header.time
        point = header.point ?? absent
        value = header.value ?? absent
        quality = header.quality ?? absent
        product = header.product ?? absent
        zone = header.zone ?? absent
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
        if scanner.fieldCount != columnCount || nameless.isAny, let problem = nameless.problem(scanner) {
            return try consumer.reject(problem, line: line, text: text)
        }
        let fields = scanner.fields
        try consumer.take(
            Row(
                product: fields[product], device: fields[device], point: fields[point], time: fields[time],
                value: fields[value], quality: fields[quality], zone: fields[zone], type: fields[type],
                continuesLine: false,
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
    private let nameless: NamelessColumns

    init(_ header: CSVHeader, maximumRowBytes: Int, lineEnd: UInt8, ignoresColumns: Bool) {
        self.header = header
        nameless = NamelessColumns(header, ignoresContent: ignoresColumns)
        absent = nameless.maximumFields
        scanner = CSVFieldScanner(
            maximumFields: absent, spare: 1, maximumRowBytes: maximumRowBytes, lineEnd: lineEnd)
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
        if scanner.fieldCount != header.columnCount || nameless.isAny,
            let problem = nameless.problem(scanner)
        {
            return try consumer.reject(problem, line: line, text: text)
        }
        let fields = scanner.fields
        var row = Row(
            product: fields[header.product ?? absent], device: fields[header.device], point: names[0],
            time: fields[header.time], value: fields[absent], quality: fields[header.quality ?? absent],
            zone: fields[header.zone ?? absent], type: fields[absent], continuesLine: false, line: line,
            text: text)
        for index in header.points.indices {
            row.point = names[index]
            row.value = fields[header.points[index].column]
            try consumer.take(row)
            row.continuesLine = true
        }
    }
}

/// Columns without a name, and fields beyond the header; superfluous delimiters make them.
private struct NamelessColumns {
    private let header: CSVHeader
    private let ignoresContent: Bool
    /// The fields of a row without the nameless columns at the end of the header.
    private let leastFields: Int

    /// The most empty fields that a row may have beyond the header.
    private static let spareFields = 16

    init(_ header: CSVHeader, ignoresContent: Bool) {
        self.header = header
        self.ignoresContent = ignoresContent
        var least = header.columnCount
        while least > 0, header.nameless.contains(least - 1) { least -= 1 }
        leastFields = least
    }

    /// Whether the header has such columns.
    var isAny: Bool { !header.nameless.isEmpty }

    /// The most fields of a row that the scanner has to keep.
    var maximumFields: Int { header.columnCount + Self.spareFields }

    /// Why a row with more or fewer fields than the header names is rejected; nil if it is accepted.
    @inline(never)
    func problem(_ scanner: borrowing CSVFieldScanner) -> String? {
        let count = scanner.fieldCount
        guard count >= leastFields, count <= maximumFields else {
            return scanner.countProblem(expected: header.columnCount)
        }
        for index in header.columnCount..<max(count, header.columnCount) where scanner.fields[index].count > 0
        {
            return scanner.countProblem(expected: header.columnCount)
        }
        if ignoresContent { return nil }
        for index in header.nameless where index < count && !scanner.fields[index].isBlank {
            return
                "column \(index + 1) has no name in the header and has content here; name it, or pass over it with "
                + "--ignore-columns"
        }
        return nil
    }
}

extension Field {
    /// Whether it is empty or holds only spaces.
    fileprivate var isBlank: Bool {
        UnsafeBufferPointer(start: base, count: count).allSatisfy { $0 == 0x20 }
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
