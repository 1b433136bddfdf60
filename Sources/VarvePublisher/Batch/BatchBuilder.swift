// BatchBuilder.swift — fills batches with rows, in file order.
//
// Invariants:
// - Where a batch ends depends only on the rows and the limits, so a later run makes the same batches.
// - The message of a batch does not exceed the limit unless the batch is a single row.

import VarveCodec
import VarveModel
import VarveText

/// Makes batches.
struct BatchBuilder {
    /// A series as the input numbers it.
    private struct Known {
        var device: Int
        var point: [UInt8]
        var hash: UInt64
        /// The most bytes that a row of the series adds to a message, without its value.
        var rowBytes: Int
        /// Its number in the batch that has this stamp.
        var place: UInt32 = 0
        var stamp: UInt64 = .max
    }

    /// A device as the input numbers it.
    private struct KnownDevice {
        var name: [UInt8]
        var place: UInt32 = 0
        var stamp: UInt64 = .max
    }

    /// A row to be added, without its value and text.
    struct Reading {
        var series: Int
        var time: Int64
        var state: UInt64
        var line = 0
    }

    private let rowLimit: Int
    private let byteLimit: Int
    private var series: [Known] = []
    private var devices: [KnownDevice] = []
    private var deviceNumbers: [[UInt8]: Int] = [:]
    private(set) var batch: Batch
    private var bytes = MessageForm.envelopeBytes
    private var items: ItemTable
    private var lastLine = -1

    /// The bytes of lines after which a batch ends; this bounds memory.
    private static let textLimit = 1 << 20

    init(rows: Int, bytes: Int, firstIndex: UInt64 = 0) {
        rowLimit = rows
        byteLimit = bytes
        batch = Batch(index: firstIndex)
        items = ItemTable(capacity: rows)
    }

    /// Adds the next series; series are numbered from 0.
    mutating func addSeries(device: String, point: String) {
        let key = Array(device.utf8)
        let number = deviceNumbers[key] ?? devices.count
        if number == devices.count {
            deviceNumbers[key] = number
            devices.append(KnownDevice(name: Self.quoted(key)))
        }
        let pointKey = Array(point.utf8)
        let hash = (key + [0xFF] + pointKey).withUnsafeBytes { Checksum.of($0) }
        let quoted = Self.quoted(pointKey)
        let size =
            MessageForm.itemBytes + devices[number].name.count + quoted.count + MessageForm.pointBytes
        series.append(Known(device: number, point: quoted, hash: hash, rowBytes: size))
    }

    /// Forgets all series; the batch must be empty.
    mutating func forgetSeries() {
        series.removeAll()
        devices.removeAll()
        deviceNumbers.removeAll()
    }

    /// Whether the batch must end before this row.
    @inline(__always)
    mutating func isFull(for reading: Reading, valueBytes: Int) -> Bool {
        if batch.rows.isEmpty { return false }
        return batch.rows.count >= rowLimit || batch.text.count >= Self.textLimit
            || bytes &+ size(of: reading, valueBytes: valueBytes) > byteLimit
    }

    /// The most bytes of a message that holds only this row.
    func messageBytes(_ reading: Reading, valueBytes: Int) -> Int {
        MessageForm.envelopeBytes + size(of: reading, valueBytes: valueBytes)
    }

    /// Adds a row; ask `isFull` first.
    @inline(__always)
    mutating func add(_ reading: Reading, value: ArraySlice<UInt8>, text: ArraySlice<UInt8>) {
        bytes &+= size(of: reading, valueBytes: value.count)
        if series[reading.series].stamp != batch.index { placeInBatch(reading.series) }
        let place = series[reading.series].place
        let start = batch.values.count
        batch.values.append(contentsOf: value)
        let item = items.item(
            device: batch.series[Int(place)].device, series: place, time: reading.time,
            count: &batch.itemCount)
        let textRange: Range<Int>
        if reading.line == lastLine, let last = batch.rows.last {
            textRange = last.text
        } else {
            textRange = batch.text.count..<(batch.text.count + text.count)
            batch.text.append(contentsOf: text)
        }
        lastLine = reading.line
        batch.rows.append(
            Batch.Row(
                series: place, item: item, time: reading.time, state: reading.state,
                value: start..<batch.values.count, line: reading.line, text: textRange))
    }

    /// Closes and returns the current batch, and begins an empty one.
    mutating func finishBatch() -> Batch {
        let full = batch
        full.sortRows()
        batch = Batch(index: full.index + 1)
        batch.rows.reserveCapacity(full.rows.count)
        batch.values.reserveCapacity(full.values.count)
        batch.text.reserveCapacity(full.text.count)
        bytes = MessageForm.envelopeBytes
        items.removeAll()
        lastLine = -1
        return full
    }

    @inline(__always)
    private func size(of reading: Reading, valueBytes: Int) -> Int {
        series[reading.series].rowBytes &+ valueBytes
    }

    /// Gives a series its place in the current batch.
    private mutating func placeInBatch(_ number: Int) {
        let device = series[number].device
        if devices[device].stamp != batch.index {
            devices[device].stamp = batch.index
            devices[device].place = UInt32(batch.devices.count)
            batch.devices.append(append(devices[device].name))
        }
        series[number].stamp = batch.index
        series[number].place = UInt32(batch.series.count)
        let point = append(series[number].point)
        batch.series.append(
            Batch.Series(device: devices[device].place, point: point, hash: series[number].hash))
    }

    private func append(_ name: [UInt8]) -> Range<Int> {
        let start = batch.names.count
        batch.names.append(contentsOf: name)
        return start..<batch.names.count
    }

    private static func quoted(_ name: [UInt8]) -> [UInt8] {
        var text: [UInt8] = []
        JSONString.append(name, to: &text)
        return text
    }
}
