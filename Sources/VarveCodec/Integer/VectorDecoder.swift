// VectorDecoder.swift — decodes one vector of at most 1024 integers.
//
// Invariants:
// - Decoding writes exactly `count` values, or throws `CodecError`.
// - Every field is checked before the loop that relies on it.

enum VectorDecoder {
    static func decode(
        _ reader: inout ByteReader, count: Int, into target: UnsafeMutablePointer<Int64>
    ) throws(CodecError) {
        guard let form = VectorForm(rawValue: try reader.byte()) else {
            throw reader.failure("an unknown form of vector")
        }
        switch form {
        case .constant:
            target.update(repeating: try reader.signed(), count: count)
        case .step:
            var value = try reader.signed()
            let step = try reader.signed()
            for index in 0..<count {
                target[index] = value
                value &+= step
            }
        case .runs:
            try decodeRuns(&reader, count: count, into: target)
        case .grid:
            try GridVector.decode(&reader, count: count, into: target)
        default:
            try decodePacked(&reader, form: form, count: count, into: target)
        }
    }

    /// Moves behind a vector of `count` values, without decoding it.
    static func skip(_ reader: inout ByteReader, count: Int) throws(CodecError) {
        guard let form = VectorForm(rawValue: try reader.byte()) else {
            throw reader.failure("an unknown form of vector")
        }
        switch form {
        case .constant:
            _ = try reader.varint()
        case .step:
            for _ in 0..<2 { _ = try reader.varint() }
        case .runs:
            let runs = try reader.varint(limit: count, "the number of runs")
            _ = try reader.varint()
            for _ in 0..<2 { try skipStream(&reader, count: runs) }
        case .grid:
            try GridVector.skip(&reader, count: count)
        default:
            for _ in 0..<form.leadCount { _ = try reader.varint() }
            if form.isRice {
                try RiceVector.skip(&reader, count: count)
            } else {
                _ = try reader.varint()
                try skipStream(&reader, count: count)
            }
            if form.isRice || form.isPatched {
                let exceptions = try reader.varint(limit: count, "the number of exceptions")
                try skipStream(&reader, count: exceptions)
                for _ in 0..<exceptions { _ = try reader.varint() }
            }
        }
    }

    /// Moves behind a width and `count` numbers of that width.
    static func skipStream(_ reader: inout ByteReader, count: Int) throws(CodecError) {
        let width = Int(try reader.byte())
        guard width <= 64 else { throw reader.failure("a bit width of \(width)") }
        _ = try reader.bytes(count: BitPacking.byteCount(count: count, width: width))
    }

    private static func decodePacked(
        _ reader: inout ByteReader, form: VectorForm, count: Int, into target: UnsafeMutablePointer<Int64>
    ) throws(CodecError) {
        let lead = form.leadCount
        let first = lead > 0 ? try reader.signed() : 0
        let firstDelta = lead > 1 ? try reader.signed() : 0
        if form.isRice {
            let base = try RiceVector.decode(&reader, count: count, into: target)
            try patch(&reader, base: base, count: count, in: target)
        } else {
            let base = try reader.signed()
            let width = Int(try reader.byte())
            guard width <= 64 else { throw reader.failure("a bit width of \(width)") }
            let packed = try reader.bytes(count: BitPacking.byteCount(count: count, width: width))
            BitPacking.unpack(packed, count: count, width: width, base: base, into: target)
            if form.isPatched { try patch(&reader, base: base, count: count, in: target) }
        }
        switch lead {
        case 1: sum(target, count: count, first: first)
        case 2: sumTwice(target, count: count, first: first, firstDelta: firstDelta)
        default: break
        }
    }

    private static func sum(_ target: UnsafeMutablePointer<Int64>, count: Int, first: Int64) {
        var value = first
        target[0] = value
        var index = 1
        while index < count {
            value &+= target[index]
            target[index] = value
            index &+= 1
        }
    }

    private static func sumTwice(
        _ target: UnsafeMutablePointer<Int64>, count: Int, first: Int64, firstDelta: Int64
    ) {
        target[0] = first
        if count < 2 { return }
        var delta = firstDelta
        var value = first &+ delta
        target[1] = value
        var index = 2
        while index < count {
            delta &+= target[index]
            value &+= delta
            target[index] = value
            index &+= 1
        }
    }

    private static func patch(
        _ reader: inout ByteReader, base: Int64, count: Int, in target: UnsafeMutablePointer<Int64>
    ) throws(CodecError) {
        let exceptions = try reader.varint(limit: count, "the number of exceptions")
        let width = Int(try reader.byte())
        guard width <= 64 else { throw reader.failure("a bit width of \(width)") }
        let highBytes = BitPacking.byteCount(count: exceptions, width: width)
        let values = try reader.bytes(count: highBytes)
        var position = 0
        for index in 0..<exceptions {
            position += try reader.varint(limit: count - 1 - position, "the gap to an exception")
            let offset = ZigZag.decode(BitPacking.value(at: index, width: width, in: values))
            target[position] = base &+ offset
        }
    }

    private static func decodeRuns(
        _ reader: inout ByteReader, count: Int, into target: UnsafeMutablePointer<Int64>
    ) throws(CodecError) {
        let runs = try reader.varint(limit: count, "the number of runs")
        let base = try reader.signed()
        let width = Int(try reader.byte())
        guard width <= 64 else { throw reader.failure("a bit width of \(width)") }
        let values = try reader.bytes(count: BitPacking.byteCount(count: runs, width: width))
        let lengthWidth = Int(try reader.byte())
        guard lengthWidth <= 10 else { throw reader.failure("a run length of \(lengthWidth) bits") }
        let lengths = try reader.bytes(count: BitPacking.byteCount(count: runs, width: lengthWidth))
        var position = 0
        for index in 0..<runs {
            let length = Int(BitPacking.value(at: index, width: lengthWidth, in: lengths)) + 1
            guard length <= count - position else { throw reader.failure("the runs are too long") }
            let value = base &+ Int64(bitPattern: BitPacking.value(at: index, width: width, in: values))
            (target + position).update(repeating: value, count: length)
            position += length
        }
        guard position == count else { throw reader.failure("the runs are too short") }
    }
}
