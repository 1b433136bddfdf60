// SecretMask.swift — hides passwords and secrets in texts that go into a log.
//
// People put a password into the field of the client id or of the user name. The login is refused, and its entry in the
// log has the fields as they came.
//
// Invariants:
// - A secret of at least `shortest` bytes does not stay in a masked text. A shorter one could be part of any word.
// - Memory: the bytes of the secrets and 24 bytes for each.

/// Knows secrets and finds them in texts.
public struct SecretMask: Sendable {
    /// The shortest secret that is hidden, in bytes.
    public static let shortest = 8
    /// What takes the place of a secret.
    public static let sign = "[secret]"

    private var bytes: [UInt8] = []
    /// The first eight bytes of each secret, sorted.
    private var beginnings: [UInt64] = []
    /// Where each secret is in `bytes`, in the order of `beginnings`.
    private var places: [Range<Int>] = []

    /// Hides nothing.
    public init() {}

    /// Hides all secrets and passwords of credentials.
    public init(_ credentials: Credentials) { self.init(secrets: credentials.secrets.map { Array($0.utf8) }) }

    /// Hides these secrets.
    public init(secrets: [[UInt8]]) {
        let known = secrets.filter { $0.count >= Self.shortest }
            .map { (beginning: Self.beginning(of: $0, at: 0), secret: $0) }
            // Of two with one beginning the longer one comes first: it may contain the other.
            .sorted { ($0.beginning, $1.secret.count) < ($1.beginning, $0.secret.count) }
        for (beginning, secret) in known {
            beginnings.append(beginning)
            places.append(bytes.count..<bytes.count + secret.count)
            bytes += secret
        }
    }

    /// Hides one more secret.
    ///
    /// Cost: moves the table, 24 bytes for each secret.
    ///
    /// - Returns: Whether it was not hidden before, and is long enough to be.
    public mutating func add(_ secret: String) -> Bool {
        let new = Array(secret.utf8)
        guard new.count >= Self.shortest else { return false }
        let beginning = Self.beginning(of: new, at: 0)
        var index = place(of: beginning)
        // Of two with one beginning the longer one comes first.
        while index < beginnings.count, beginnings[index] == beginning, places[index].count >= new.count {
            if bytes[places[index]].elementsEqual(new) { return false }
            index += 1
        }
        beginnings.insert(beginning, at: index)
        places.insert(bytes.count..<bytes.count + new.count, at: index)
        bytes += new
        return true
    }

    /// The text with a sign in the place of each secret.
    ///
    /// Cost: a binary search for each byte of the text.
    public func masked(_ text: String) -> String {
        guard !beginnings.isEmpty, text.utf8.count >= Self.shortest else { return text }
        let source = Array(text.utf8)
        var result: [UInt8] = []
        var next = 0, kept = 0
        while next + Self.shortest <= source.count {
            guard let count = secret(in: source, at: next) else {
                next += 1
                continue
            }
            result += source[kept..<next] + Array(Self.sign.utf8)
            next += count
            kept = next
        }
        return kept == 0 ? text : String(decoding: result + source[kept...], as: UTF8.self)
    }

    /// The size of the secret that begins at a place; nil if no secret begins there.
    private func secret(in source: [UInt8], at start: Int) -> Int? {
        let beginning = Self.beginning(of: source, at: start)
        var index = place(of: beginning)
        while index < beginnings.count, beginnings[index] == beginning {
            let secret = bytes[places[index]]
            if source[start...].starts(with: secret) { return secret.count }
            index += 1
        }
        return nil
    }

    /// Where the first secret is that does not begin with less.
    private func place(of beginning: UInt64) -> Int {
        var low = 0, high = beginnings.count
        while low < high {
            let middle = (low + high) / 2
            if beginnings[middle] < beginning { low = middle + 1 } else { high = middle }
        }
        return low
    }

    private static func beginning(of bytes: [UInt8], at start: Int) -> UInt64 {
        bytes[start..<start + shortest].reduce(0) { $0 << 8 | UInt64($1) }
    }
}

extension Credentials {
    /// Every password and secret, also those that were replaced and are still accepted.
    var secrets: [String] {
        channels.flatMap { channel in
            [channel.productSecret, channel.password]
                + [channel.replacedSecret, channel.replacedPassword].compactMap { $0?.secret }
        } + devices.map(\.secret)
            + (service.map { [$0.password] } ?? [])
    }
}
