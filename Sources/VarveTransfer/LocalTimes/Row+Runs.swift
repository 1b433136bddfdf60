// Row+Runs.swift — a row as the rules of repeated hours look at it: its names, and what makes it equal to another.

import VarveModel
import VarveText

extension Row {
    /// Whether its names are of a length that a series can have.
    var hasStorableNames: Bool {
        let limit = SeriesKey.maximumNameBytes
        return device.count <= limit && point.count <= limit && product.count <= limit && device.count > 0
            && point.count > 0
    }

    /// A number that the same names always have.
    var nameHash: UInt64 {
        var hash: UInt64 = 0x9E37_79B9_7F4A_7C15
        for field in [product, device, point] { hash = Bytes.hash(field.base, field.count, hash) }
        return hash
    }

    /// The row as far as runs ask: equal numbers are equal however they are written.
    func run(_ place: SetAsideRows.Place) -> RunCounter.Row {
        var content: UInt64 = 0
        for field in [value, quality] {
            content = content &* 0x9E37_79B9_7F4A_7C15 &+ 1
            if field.isMissing { continue }
            if let number = NumberText.double(field.base, field.count) {
                content ^= number.bitPattern &+ 1
            } else {
                content = Bytes.hash(field.base, field.count, content)
            }
        }
        return RunCounter.Row(
            seconds: place.seconds, fraction: place.fraction, content: content, part: place.part)
    }
}
