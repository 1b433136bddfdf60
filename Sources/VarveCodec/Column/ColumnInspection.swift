// ColumnInspection.swift — names the encodings of a column, for `varve inspect` and `varve stats`.

extension ColumnEncoding {
    /// The encodings of a column, as text.
    package struct Description: Hashable, Sendable, CustomStringConvertible {
        /// The names of the encodings, outermost first.
        ///
        /// For vectors, the form of the first one.
        package var names: [String] = []
        /// Whether the body is an LZ4 block.
        package var isLZ4 = false

        /// The names on one line, such as `decimal > delta + LZ4`.
        package var description: String {
            names.joined(separator: " > ") + (isLZ4 ? " + LZ4" : "")
        }
    }

    /// Names the encodings of a column of any type; a damaged one gets the name `damaged`.
    package static func describe(_ bytes: UnsafeRawBufferPointer) -> Description {
        var description = Description()
        if bytes.isEmpty {
            description.names = ["empty"]
            return description
        }
        description.isLZ4 = bytes[0] == ColumnEnvelope.lz4.rawValue
        let limit = 255 * bytes.count  // the most that LZ4 can expand
        do throws(CodecError) {
            try ColumnPayload.withBody(bytes, limit: limit) { (body) throws(CodecError) in
                try walk(&body, into: &description.names)
            }
        } catch {
            description.names.append("damaged")
        }
        return description
    }

    private static func walk(_ reader: inout ByteReader, into names: inout [String]) throws(CodecError) {
        guard let encoding = ColumnEncoding(rawValue: try reader.byte()) else {
            throw reader.failure("an unknown encoding")
        }
        names.append(encoding.name)
        switch encoding {
        case .constant, .step, .planes, .textPlain, .textPrefixes:
            break
        case .vectors:
            guard let form = VectorForm(rawValue: try reader.byte()) else {
                throw reader.failure("an unknown form of vector")
            }
            names[names.count - 1] = form.name
        case .bits:
            try walk(&reader, into: &names)
        case .scaled:
            _ = try reader.signed()
            _ = try reader.varint()
            try walk(&reader, into: &names)
        case .decimal, .float, .significant, .fixed:
            _ = try reader.bytes(count: encoding.parameterBytes)
            if try reader.varint() > 0 {
                names[names.count - 1] += " with exceptions"
                try skipSized(&reader)
                try skipSized(&reader)
            }
            if encoding == .fixed { try skipSized(&reader) }
            try walk(&reader, into: &names)
        case .predicted:
            let origin = DecimalPrediction.Origin(rawValue: try reader.byte())
            _ = try reader.bytes(count: 2)
            try skipSized(&reader)
            if let origin { names[names.count - 1] += " of \(origin.name)" }
            try walk(&reader, into: &names)
        case .dictionary, .doubleDictionary:
            _ = try reader.varint()
            var entries = try reader.nested(
                count: try reader.varint(limit: reader.remaining, "the size of a dictionary"))
            if encoding == .doubleDictionary { try walk(&entries, into: &names) }
            try walk(&reader, into: &names)
        case .sparse:
            _ = try reader.bytes(count: 8)
            _ = try reader.varint()
            _ = try reader.varint()
            try skipSized(&reader)
            try walk(&reader, into: &names)
        case .textDictionary, .textPrefixDictionary:
            break
        }
    }

    /// The number of parameter bytes before the exceptions of a body of doubles.
    private var parameterBytes: Int {
        switch self {
        case .decimal: 1
        case .significant: 2
        case .fixed: 3
        default: 0
        }
    }

    private static func skipSized(_ reader: inout ByteReader) throws(CodecError) {
        let size = try reader.varint(limit: reader.remaining, "a size")
        _ = try reader.bytes(count: size)
    }
}
