// MessageNotes.swift — what is odd about a message that was taken, for the channel's log.
//
// A time in seconds or a misspelt member is no error, so the answer is 200 and the sender learns nothing of it. A user
// who looks for the readings finds the note in the log.

import VarveModel
import VarveText

/// Oddities of one message.
struct MessageNotes {
    /// Items without a time.
    private(set) var arrivals = 0
    /// Readings without value and quality.
    var skipped = 0
    /// Readings of points that the policy does not store.
    var notStored = 0
    /// Times that were taken as seconds.
    private var seconds = 0
    /// The version of the protocol, if it is an unusual one.
    private var version: String?
    private var earlyTime: Int64?
    private var names: [String] = []

    private static let namesShown = 4
    /// Times, in nanoseconds, that were probably sent in seconds.
    ///
    /// Seconds of the years 2001 to 2286, taken for milliseconds, are times between January and April 1970.
    private static let suspicious: Range<Int64> = 1_000_000_000_000_000..<10_000_000_000_000_000

    mutating func removeAll() {
        arrivals = 0
        skipped = 0
        notStored = 0
        seconds = 0
        if version != nil { version = nil }
        if earlyTime != nil { earlyTime = nil }
        if !names.isEmpty { names.removeAll() }
    }

    /// Notes that an item took the time of arrival.
    mutating func addArrivalTime() { arrivals += 1 }

    /// Notes that a time was taken as seconds.
    mutating func addSeconds() { seconds += 1 }

    /// Notes the `version` of a message.
    mutating func add(version text: UnsafeBufferPointer<UInt8>) {
        let isUsual =
            text.equals("\"1.0\"") || text.equals("\"1.1\"") || text.equals("1.0") || text.equals("1.1")
        if !isUsual { version = Excerpt.of(text) }
    }

    /// Notes an item's time, in nanoseconds.
    @inline(__always)
    mutating func add(time: Int64) {
        if Self.suspicious.contains(time) { earlyTime = earlyTime ?? time }
    }

    /// Notes that a member was passed over.
    mutating func addIgnored(_ name: UnsafeBufferPointer<UInt8>) {
        guard names.count <= Self.namesShown else { return }
        let name = Excerpt.of(name)
        if !names.contains(name) { names.append(name) }
    }

    /// The oddities in words, or nil if there are none.
    var text: String? {
        var parts: [String] = []
        if let earlyTime {
            parts.append(
                "a time is \(Timestamp(nanoseconds: earlyTime)): were these seconds? times are milliseconds")
        }
        if seconds > 0 {
            parts.append(
                seconds == 1
                    ? "1 time below 10^11 was taken as seconds"
                    : "\(seconds) times below 10^11 were taken as seconds")
        }
        if arrivals > 0 { parts.append("\(arrivals) without time, took that of arrival") }
        if skipped > 0 { parts.append("\(skipped) without value and quality, skipped") }
        if notStored > 0 { parts.append("\(notStored) not stored, by policy") }
        if !names.isEmpty {
            let shown = names.prefix(Self.namesShown).joined(separator: ", ")
            parts.append("passed over: \(shown)\(names.count > Self.namesShown ? ", …" : "")")
        }
        if let version { parts.append("the version \(version) is neither 1.0 nor 1.1; taken all the same") }
        return parts.isEmpty ? nil : parts.joined(separator: "; ")
    }
}
