// Row+Runs.swift — a row as the rules of repeated hours see it: its names, and what makes it equal to another row.

import VarveModel
import VarveText

extension Row {
    /// Whether the lengths of its names are allowed for a series.
    var hasStorableNames: Bool {
        let limit = SeriesKey.maximumNameBytes
        return device.count <= limit && point.count <= limit && product.count <= limit && device.count > 0
            && point.count > 0
    }

    /// A hash of the names; equal names have equal hashes.
    var nameHash: UInt64 {
        var hash: UInt64 = 0x9E37_79B9_7F4A_7C15
        for field in [product, device, point] { hash = Bytes.hash(field.base, field.count, hash) }
        return hash
    }

    /// The row reduced to what runs compare; numbers that are equal compare equal, however they are written.
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
