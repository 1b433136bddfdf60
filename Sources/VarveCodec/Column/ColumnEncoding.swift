// ColumnEncoding.swift — the tags of column bodies, and their names for inspection.
//
// The raw values are part of the persistent format: the value of an existing case never changes. Zero is not
// a tag, so a zero-filled page is never valid data. The layouts are in ColumnFormat, in the DocC catalog.

/// The first byte of a column: whether the body behind it is compressed.
package enum ColumnEnvelope: UInt8, CaseIterable, Sendable {
    /// The body follows, uncompressed.
    case plain = 64
    /// The size of the body follows as a varint, then the body as one LZ4 block.
    case lz4 = 65
}

/// The first byte of a column body.
package enum ColumnEncoding: UInt8, CaseIterable, Sendable {
    // Integers.
    case constant = 1
    case step = 2
    case vectors = 3
    case scaled = 4
    case dictionary = 5
    case planes = 6
    // Doubles.
    case bits = 16
    case decimal = 17
    case float = 18
    case predicted = 19
    case doubleDictionary = 20
    case sparse = 21
    case significant = 22
    case fixed = 23
    // Texts.
    case textDictionary = 32
    case textPlain = 33
    case textPrefixes = 34
    case textPrefixDictionary = 35

    /// The name shown by `varve inspect` and `varve stats`.
    var name: String {
        switch self {
        case .constant: "constant"
        case .step: "constant step"
        case .vectors: "vectors"
        case .scaled: "scaled"
        case .dictionary, .doubleDictionary, .textDictionary: "dictionary"
        case .planes: "byte planes"
        case .bits: "bit patterns"
        case .decimal: "decimal"
        case .float: "float32"
        case .predicted: "ulp residual"
        case .sparse: "sparse"
        case .significant: "significant digits"
        case .fixed: "fixed point"
        case .textPlain: "text"
        case .textPrefixes: "text with shared prefixes"
        case .textPrefixDictionary: "dictionary with shared prefixes"
        }
    }
}

/// The first byte of a vector inside a `vectors` body.
package enum VectorForm: UInt8, CaseIterable, Sendable {
    case constant = 1
    case step = 2
    case frame = 3
    case delta = 4
    case delta2 = 5
    case patchedFrame = 6
    case patchedDelta = 7
    case patchedDelta2 = 8
    case runs = 9
    case rice = 10
    case riceDelta = 11
    case riceDelta2 = 12
    case grid = 13

    /// The name shown by `varve inspect` and `varve stats`.
    var name: String {
        switch self {
        case .constant: "constant"
        case .step: "constant step"
        case .frame: "frame of reference"
        case .delta: "delta"
        case .delta2: "delta²"
        case .patchedFrame: "patched frame of reference"
        case .patchedDelta: "patched delta"
        case .patchedDelta2: "patched delta²"
        case .runs: "run length"
        case .rice: "Rice"
        case .riceDelta: "Rice delta"
        case .riceDelta2: "Rice delta²"
        case .grid: "grid"
        }
    }

    /// The number of leading values that are written before the packed ones.
    var leadCount: Int {
        switch self {
        case .delta, .patchedDelta, .riceDelta: 1
        case .delta2, .patchedDelta2, .riceDelta2: 2
        default: 0
        }
    }

    /// The form with the same differencing and with exceptions.
    var patched: VectorForm {
        switch self {
        case .frame: .patchedFrame
        case .delta: .patchedDelta
        case .delta2: .patchedDelta2
        default: self
        }
    }

    /// The form for Rice codes of values that are differenced `order` times.
    static func rice(order: Int) -> VectorForm {
        switch order {
        case 1: .riceDelta
        case 2: .riceDelta2
        default: .rice
        }
    }

    /// Whether the values are Rice codes.
    var isRice: Bool { self == .rice || self == .riceDelta || self == .riceDelta2 }

    /// Whether exceptions follow the packed values.
    var isPatched: Bool { self == .patchedFrame || self == .patchedDelta || self == .patchedDelta2 }
}
