// Supervisor.swift — starts the service as a child, again when it dies, and stands for it to the outside.
//
// The process that the user started is this one: SIGTERM and Ctrl-C given to it end the service, and its exit code is the
// service's. The child has one end of a pair of sockets whose other end is here: the kernel closes it when this
// process ends, however that ends, and the child then ends by itself.
//
// Invariants:
// - No end of the pair stays open here or in another child: who is left alone must notice it.
// - A signal that ends the service is waited for, never handled in between: no child is started after one.
// - An end in order, and one before the service was ever ready, are final: a setting that is wrong stays wrong.

import Glibc
import VarveFile
import VarvePlatform

/// Runs the service until it ends in order, or dies too often.
struct Supervisor {
    private let executable: String
    private let arguments: [String]
    private let output: POSIXFile
    private var deaths = DeathRecord()
    private var wasReady = false
    private var isStopping = false
    private var before = sigset_t()
    private var awaited = sigset_t()

    /// - Parameters:
    ///   - executable: The service.
    ///   - arguments: Its options.
    init(executable: String, arguments: [String]) {
        self.executable = executable
        self.arguments = arguments
        output = POSIXFile.standardError()
    }

    /// Runs it.
    ///
    /// - Returns: The exit code.
    /// - Throws: `ServeFailure` if the service cannot be started.
    mutating func run() throws -> Int32 {
        // A parent may have let this process ignore its children.
        signal(SIGCHLD, SIG_DFL)
        sigemptyset(&awaited)
        for number in [SIGTERM, SIGINT, SIGCHLD] { sigaddset(&awaited, number) }
        pthread_sigmask(SIG_BLOCK, &awaited, &before)
        while true {
            let worker = try WorkerProcess(executable, arguments, signals: before)
            let end = awaitEnd(worker)
            wasReady = worker.hasBeenReady() || wasReady
            if let code = finalCode(end) {
                if isStopping, case .killed = end {
                    say("the service (process \(worker.id)) \(end) while it ended")
                }
                return code
            }
            let next = deaths.note(at: SystemClock.monotonicNanoseconds())
            guard let milliseconds = next else {
                throw ServeFailure(
                    "the service died \(DeathRecord.limit) times within \(DeathRecord.seconds) s, the last time it \(end); "
                        + "it is not started again: look at what it said before, and run varve verify. Its broker goes on and keeps what is sent"
                )
            }
            say("the service (process \(worker.id)) \(end); starting it again in \(milliseconds) ms")
            if isToldToStop(within: milliseconds) { return 0 }
        }
    }

    /// The exit code if this end is the last one; nil for a death.
    private func finalCode(_ end: WorkerProcess.End) -> Int32? {
        switch end {
        case .exited(let code): isStopping || code == 0 || !wasReady ? code : nil
        case .killed(let number): isStopping ? 128 + number : nil
        }
    }

    /// Waits for the worker's end, and hands on what is to end it.
    private mutating func awaitEnd(_ worker: WorkerProcess) -> WorkerProcess.End {
        while true {
            if let end = worker.end() { return end }
            var number: Int32 = 0
            guard sigwait(&awaited, &number) == 0, number != SIGCHLD else { continue }
            isStopping = true
            // A terminal sends Ctrl-C to the worker as well; to be told twice does it no harm.
            kill(worker.id, SIGTERM)
        }
    }

    /// Waits before the next start.
    private func isToldToStop(within milliseconds: Int) -> Bool {
        let deadline = SystemClock.monotonicNanoseconds() + Int64(milliseconds) * 1_000_000
        var set = awaited
        while true {
            let left = deadline - SystemClock.monotonicNanoseconds()
            guard left > 0 else { return false }
            var time = timespec(tv_sec: Int(left / 1_000_000_000), tv_nsec: Int(left % 1_000_000_000))
            let number = sigtimedwait(&set, nil, &time)
            if number == SIGTERM || number == SIGINT { return true }
        }
    }

    private func say(_ text: String) {
        // Nobody is left to be told that this cannot be written.
        try? output.append(Array("varve: warning: \(text)\n".utf8))
    }
}
