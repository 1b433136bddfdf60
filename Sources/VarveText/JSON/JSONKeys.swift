// JSONKeys.swift — the names of all values in a JSON object, including nested objects.

/// Reads names.
public enum JSONKeys {
    /// The names of all values of an object that are not objects themselves, in the order of the text.
    ///
    /// The name of a value in a nested object is the path to it, with points: `{"mqtt": {"port": 1}}` has `mqtt.port`.
    ///
    /// - Throws: `JSONFailure` if the text is not a JSON object.
    public static func paths(in bytes: [UInt8]) throws(JSONFailure) -> [String] {
        let result = bytes.withUnsafeBufferPointer { buffer -> Result<[String], JSONFailure> in
            guard let base = buffer.baseAddress else { return .failure(.malformed(offset: 0)) }
            var scanner = JSONScanner(base: base, count: buffer.count)
            var paths: [String] = []
            do throws(JSONFailure) {
                scanner.skipWhitespace()
                try read(&scanner, prefix: "", depth: 1, into: &paths)
                scanner.skipWhitespace()
                guard scanner.position == scanner.count else { throw scanner.malformed }
            } catch {
                return .failure(error)
            }
            return .success(paths)
        }
        return try result.get()
    }

    private static func read(
        _ scanner: inout JSONScanner, prefix: String, depth: Int, into paths: inout [String]
    ) throws(JSONFailure) {
        guard depth <= JSONScanner.maximumDepth else { throw .tooDeep }
        var hasMember = try scanner.enterObject()
        while hasMember {
            let name = prefix + String(decoding: scanner.text(of: try scanner.memberName()), as: UTF8.self)
            if scanner.current == 0x7B {
                try read(&scanner, prefix: name + ".", depth: depth + 1, into: &paths)
            } else {
                try scanner.skipValue(depth: depth)
                paths.append(name)
            }
            hasMember = try scanner.nextMember()
        }
    }
}
