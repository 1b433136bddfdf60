// RunnerProcess.swift — one process that runs one script, and the conversation with it.
//
// Invariants:
// - One thread at a time uses it.
// - It has one script for its whole life. After a call that did not end with `.completed` it is ended and not used
//   again.

import VarveCodec
import VarvePlatform

/// A running script.
final class RunnerProcess {
    /// How a call ended.
    enum End {
        /// Every payload has a result.
        case completed
        /// There are more bytes of results than were asked for; the process goes on with the other payloads.
        case enough
        /// The first payload without a result, or the loading, exceeded a limit.
        case stopped(ScriptFailure)
        /// The process is gone or silent, for this reason.
        case lost(String)
    }

    private let process: ConnectedProcess
    private let frames: ScriptFrames
    private let limits: ScriptLimits
    /// The number of payloads that it has had results for.
    private(set) var served = 0

    /// How long a process may take to start, and to accept a request.
    private static let startNanoseconds: Int64 = 20_000_000_000
    /// How long it may be silent beyond the real time that its script has.
    private static let graceNanoseconds: Int64 = 5_000_000_000

    /// The variables of a runner.
    ///
    /// A script's local time is UTC, also because the zones' files are out of its reach. Swift's report of a crash
    /// would start a program.
    private static let environment = ["TZ=UTC", "SWIFT_BACKTRACE=enable=no"]

    /// Starts a process, which then waits for its script.
    ///
    /// - Throws: `LaunchFailure` if it cannot be started, or says that it cannot confine itself.
    init(_ executable: String, _ limits: ScriptLimits) throws(LaunchFailure) {
        process = try ConnectedProcess(executable, environment: Self.environment)
        frames = ScriptFrames(process.connection)
        self.limits = limits
        do throws(LostRunner) {
            guard case .ready(let version, let obstacle) = try receive(within: Self.startNanoseconds) else {
                throw LostRunner("it did not say that it is ready")
            }
            guard obstacle.isEmpty else { throw LostRunner(obstacle) }
            guard version == WireLimits.version else { throw LostRunner("it is of another version of Varve") }
        } catch {
            throw LaunchFailure("\(executable) cannot run scripts: \(error), and it \(process.end())")
        }
    }

    /// Gives it its script; called once, first.
    ///
    /// - Returns: Nil if functions can be called, else why the script cannot be used.
    func load(_ script: String) -> ScriptFailure? {
        var writer = ByteWriter(capacity: script.utf8.count + 64)
        ScriptRequest.appendLoad(script.utf8, limits, to: &writer)
        do throws(LostRunner) {
            try process.connection.send(frames: writer.bytes, until: Self.time(after: Self.startNanoseconds))
            switch try receive(within: silence(limits.loadMilliseconds)) {
            case .loaded(let failure): return failure
            case .stopped(let failure): return failure
            case .ready, .results: throw LostRunner("an answer to another question")
            }
        } catch {
            return ScriptFailure(.crashed, "\(error)")
        }
    }

    /// Calls a function for each payload.
    ///
    /// - Parameter bytes: The bytes of results after which no more are received.
    /// - Returns: The results of the first payloads, all of them if it ended with `.completed`.
    func call(
        _ function: ScriptFunction, _ payloads: ArraySlice<[UInt8]>, bytes: Int = .max
    ) -> (results: [Result<[UInt8], ScriptFailure>], end: End) {
        var writer = ByteWriter(capacity: payloads.reduce(64) { $0 + $1.count + 4 })
        ScriptRequest.appendCall(function, payloads, to: &writer)
        var results: [Result<[UInt8], ScriptFailure>] = []
        results.reserveCapacity(payloads.count)
        var received = 0
        defer { served += results.count }
        do throws(LostRunner) {
            try process.connection.send(frames: writer.bytes, until: Self.time(after: Self.startNanoseconds))
            while results.count < payloads.count {
                switch try receive(within: silence(limits.milliseconds)) {
                case .results(let more):
                    guard !more.isEmpty, results.count + more.count <= payloads.count else {
                        throw LostRunner("a wrong number of results")
                    }
                    results += more
                    received += more.reduce(0) { $0 + ((try? $1.get().count) ?? 0) }
                    if received >= bytes, results.count < payloads.count { return (results, .enough) }
                case .stopped(let failure): return (results, .stopped(failure))
                case .ready, .loaded: throw LostRunner("an answer to another question")
                }
            }
            return (results, .completed)
        } catch {
            return (results, .lost("\(error)"))
        }
    }

    /// Ends the process; called once.
    ///
    /// - Returns: How it ended, as half a sentence.
    @discardableResult
    func end() -> String { process.end() }

    /// Its process id.
    var id: Int32 { process.id }

    /// The nanoseconds of silence after which a process is considered stuck.
    private func silence(_ milliseconds: Int) -> Int64 {
        Int64(milliseconds) * Int64(ScriptLimits.realTimeFactor) * 1_000_000 + Self.graceNanoseconds
    }

    private func receive(within nanoseconds: Int64) throws(LostRunner) -> ScriptReply {
        let deadline = Self.time(after: nanoseconds)
        let reply = try frames.receive(until: deadline) { kind, reader throws(CodecError) in
            try ScriptReply(kind, &reader)
        }
        guard let reply else { throw LostRunner("it has gone") }
        return reply
    }

    private static func time(after nanoseconds: Int64) -> Int64 {
        SystemClock.monotonicNanoseconds() + nanoseconds
    }
}
