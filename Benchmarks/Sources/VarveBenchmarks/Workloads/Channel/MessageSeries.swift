// MessageSeries.swift — messages for senders, each of which is new to the store.

/// Makes messages of one size, with times that no message before had.
struct MessageSeries {
    /// How large a message is.
    enum Size {
        /// As many items as fit into so many bytes.
        case bytes(Int)
        /// So many samples.
        case samples(Int)
    }

    static let points = ["P_avg", "Ws_avg", "Ot_avg", "Ba_avg"]
    static let devices = (0..<20).map { "R80\(700 + $0)" }

    private var round = 0

    /// The messages of one sender: each of one device, with items one second apart and values with two decimals.
    ///
    /// - Returns: The messages, and how many samples they have together.
    mutating func next(_ count: Int, _ size: Size) -> (messages: [[UInt8]], samples: Int) {
        round += 1
        var generator = SystemRandomNumberGenerator()
        var time = 1_400_000_000_000 + round * 10_000_000_000
        var (messages, samples): ([[UInt8]], Int) = ([], 0)
        messages.reserveCapacity(count)
        for number in 0..<count {
            var text =
                #"{"id":"\#(round)-\#(number)","version":"1.0","method":"integration.measurepoint.post","params":["#
            var own = 0
            while Self.hasRoom(text.utf8.count, own, size) {
                if own > 0 { text += "," }
                text += #"{"deviceKey":"\#(Self.devices[number % 20])","measurepoints":{"#
                for (index, point) in Self.points.enumerated() {
                    let value = Int.random(in: 100...99_999, using: &generator)
                    text += (index > 0 ? "," : "") + #""\#(point)":\#(value / 100).\#(10 + value % 90)"#
                }
                own += Self.points.count
                text += #"},"time":\#(time)}"#
                time += 1000
            }
            samples += own
            messages.append(Array((text + "]}").utf8))
        }
        return (messages, samples)
    }

    private static func hasRoom(_ bytes: Int, _ samples: Int, _ size: Size) -> Bool {
        switch size {
        case .bytes(let limit): bytes < limit - 120
        case .samples(let limit): samples < limit
        }
    }
}
