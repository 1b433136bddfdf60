// RowScanner.swift — the interface of all formats: finds the next row in a run of bytes.

import VarveText

/// Finds and takes apart the rows of one format.
protocol RowScanner: ~Copyable {
    /// The first byte after the scanned row and its line end; after `row` and `blank` only.
    var next: UnsafePointer<UInt8> { get }
    /// The end of the row's text, before its line end; after `row` only.
    var textEnd: UnsafePointer<UInt8> { get }
    /// The number of line ends that the row holds; after `row` only.
    var lineCount: Int { get }
    /// What is wrong with the row; after `malformed` only.
    var problem: String { get }

    /// Scans the row that begins at `start`.
    ///
    /// - Parameter atEnd: Whether the input ends at `end`.
    mutating func scan(
        _ start: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>, atEnd: Bool
    ) -> ScanStatus

    /// Hands the row just scanned to the consumer, as one row or several.
    ///
    /// - Throws: What the consumer throws.
    mutating func deliver<Consumer: RowConsumer & ~Copyable>(
        to consumer: inout Consumer, line: Int, text: UnsafeRawBufferPointer
    ) throws
}
