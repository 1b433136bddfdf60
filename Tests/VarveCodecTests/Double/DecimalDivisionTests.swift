// DecimalDivisionTests.swift — decimals divided together, compared with single divisions.

import Testing
import VarveTestSupport

@testable import VarveCodec

@Suite("DecimalDivision") struct DecimalDivisionTests {
    @Test("columns of any length and size have the quotients of their mantissas one by one")
    func sameAsSingly() {
        for exponent in 0...DecimalPrediction.maximumExponent {
            for bits in [1, 20, 50, 51, 52, 53, 63] as [Int64] {
                for count in [0, 1, 3, 4, 7, 1023, 1024, 1025, 2500] {
                    let seed = UInt64(exponent * 64) + UInt64(bits)
                    var random = SeededGenerator(seed: seed)
                    let mantissas = (0..<count).map { _ in Int64(bitPattern: random.next()) >> (63 - bits) }
                    let single = mantissas.map {
                        Int64(bitPattern: (Double($0) / DecimalPrediction.powers[exponent]).bitPattern)
                    }
                    var column = mantissas
                    column.withUnsafeMutableBufferPointer { values in
                        guard let start = values.baseAddress else { return }
                        DecimalDivision(exponent: exponent).apply(to: start, count: values.count)
                    }
                    #expect(column == single, "10^\(exponent), \(bits) bits, \(count) values, seed \(seed)")
                }
            }
        }
    }
}
