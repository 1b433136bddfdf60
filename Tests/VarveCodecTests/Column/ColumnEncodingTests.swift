// ColumnEncodingTests.swift — the frozen tags, and bytes written by hand from the format document.

import Testing

@testable import VarveCodec

/// Compatibility-sensitive: these numbers are in files.
///
/// Change them only with a new format version.
@Suite("ColumnEncoding") struct ColumnEncodingTests {
    @Test("the tags of envelopes, bodies, vectors and origins are frozen")
    func tags() {
        #expect(ColumnEnvelope.allCases.map { "\($0)=\($0.rawValue)" } == ["plain=64", "lz4=65"])
        #expect(
            ColumnEncoding.allCases.map { "\($0)=\($0.rawValue)" } == [
                "constant=1", "step=2", "vectors=3", "scaled=4", "dictionary=5", "planes=6", "bits=16",
                "decimal=17", "float=18", "predicted=19", "doubleDictionary=20", "sparse=21",
                "significant=22",
                "fixed=23",
                "textDictionary=32",
                "textPlain=33", "textPrefixes=34", "textPrefixDictionary=35",
            ])
        #expect(
            VectorForm.allCases.map { "\($0)=\($0.rawValue)" } == [
                "constant=1", "step=2", "frame=3", "delta=4", "delta2=5", "patchedFrame=6", "patchedDelta=7",
                "patchedDelta2=8", "runs=9", "rice=10", "riceDelta=11", "riceDelta2=12",
                "grid=13",
            ])
        #expect(
            DecimalPrediction.Origin.allCases.map { "\($0)=\($0.rawValue)" } == [
                "quotient=1", "float=2", "printed=3", "printedStepwise=4",
            ])
        #expect(BlockLimits.samples == 8192 && BlockLimits.vector == 1024)
    }

    @Test("bytes written by hand from the format document decode to the values they say")
    func handWritten() throws {
        #expect(try decodedIntegers([64, 2, 9, 4], count: 4) == [-5, -3, -1, 1])
        // A scaled body: 100 + 10 · (frame of reference: base 1, 2 bits: 0, 1, 2, 3).
        #expect(
            try decodedIntegers([64, 4, 200, 1, 10, 3, 3, 2, 2, 0b1110_0100], count: 4) == [
                110, 120, 130, 140,
            ])
        // Delta with first 7, base 0 and 8 bits: the first slot is not used.
        #expect(try decodedIntegers([64, 3, 4, 14, 0, 8, 0, 1, 2], count: 3) == [7, 8, 10])
        // A dictionary of 5 and 9 with the indexes 1, 0, 1.
        #expect(try decodedIntegers([64, 5, 2, 3, 2, 10, 8, 3, 3, 0, 1, 0b101], count: 3) == [9, 5, 9])
        // A decimal with exponent 1: 1.5, 1.6; no exceptions.
        #expect(
            try decodedDoubles([64, 17, 1, 0, 2, 30, 2], count: 2) == [(1.5).bitPattern, (1.6).bitPattern])
    }

    @Test("a column is described by the names of its encodings")
    func descriptions() {
        #expect(described([64, 1, 0]).description == "constant")
        #expect(described([64, 17, 1, 0, 2, 30, 2]).description == "decimal > constant step")
        #expect(described([]).description == "empty")
        #expect(described([0]).description == "damaged")
        let repeats = (0..<4096).map { Int64(($0 * $0) % 97 % 31) }
        #expect(described(encoded(repeats)).isLZ4)
    }
}
