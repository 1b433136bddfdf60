// SampleColumns+Reversed.swift — samples in reverse order.

internal import VarveModel

extension SampleColumns {
    /// The samples in reverse order.
    func reversed() -> SampleColumns {
        var copy = self
        copy.times.reverse()
        copy.states.reverse()
        switch values {
        case .bits(var bits):
            copy.values = .bits([])
            bits.reverse()
            copy.values = .bits(bits)
        case .text(let source):
            var text = TextColumn()
            text.ends.reserveCapacity(source.count)
            for index in stride(from: source.count - 1, through: 0, by: -1) {
                text.append(source.bytes[source.range(index)])
            }
            copy.values = .text(text)
        }
        return copy
    }
}
