// PackingTargets.swift — payloads that clients have compressed.

import VarveCodec

enum PackingTargets {
    private static let limit = 1 << 16

    static let all = [
        FuzzTarget(
            name: "packing",
            seeds: {
                Packing.allCases.enumerated().map { index, form in
                    let text = Array(
                        #"{"id":"1","method":"a","params":["aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"]}"#.utf8)
                    let packed = text.withUnsafeBytes { Packer().pack($0, form) }
                    return [UInt8(truncatingIfNeeded: index)] + (packed ?? [])
                }
            }, run: packing)
    ]

    @Sendable private static func packing(_ bytes: UnsafeRawBufferPointer) -> String? {
        var input = FuzzInput(bytes)
        let form = Packing.allCases[Int(input.byte()) % Packing.allCases.count]
        guard let payload = try? form.unpack(input.rest, limit: limit) else { return nil }
        guard payload.count <= limit else { return "\(payload.count) bytes are above the limit" }
        guard let packed = payload.withUnsafeBytes({ Packer().pack($0, form) }) else {
            return "a payload of \(payload.count) bytes cannot be packed"
        }
        let again = packed.withUnsafeBytes { try? form.unpack($0, limit: limit) }
        return again == payload ? nil : "a payload of \(payload.count) bytes is not read again"
    }
}
