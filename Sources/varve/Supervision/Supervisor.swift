// Supervisor.swift — starts the service as a child, restarts it when it dies, and represents it to the user.
//
// The user starts this process. SIGTERM and Ctrl-C sent to it end the service, and its exit code is the service's.
// A pair of sockets connects this process and the child. However this process ends, the kernel closes its end, and the
// child then ends by itself.
//
// Invariants:
// - This process keeps no child's end of the pair open, and no child has this process's end, so each side notices when
//   the other goes.
// - SIGTERM and SIGINT are blocked and waited for, so no child is started after one of them.
// - A clean end is final, and so is an end before the service was ever ready: a wrong setting stays wrong.

import Glibc
import VarveFile
import VarvePlatform

/// Runs the service until it ends cleanly or dies too often.
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

    /// Runs the service until its final end; blocks SIGTERM, SIGINT and SIGCHLD in this thread.
    ///
    /// - Returns: The exit code of the service.
    /// - Throws: `ServeFailure` if the service dies too often or no socket can be made, `LaunchFailure` if it cannot be
    ///   started.
    mutating func run() throws -> Int32 {
        // The parent may have set SIGCHLD to ignored, which a new program inherits.
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
                    warn("the service (process \(worker.id)) \(end) while it ended")
                }
                return code
            }
            let next = deaths.record(at: SystemClock.monotonicNanoseconds())
            guard let milliseconds = next else {
                throw ServeFailure(
                    "the service died \(DeathRecord.limit) times within \(DeathRecord.seconds) s, the last time it \(end); "
                        + "it is not started again: look at what it said before, and run varve verify. Its broker goes on and keeps what is sent"
                )
            }
            warn("the service (process \(worker.id)) \(end); starting it again in \(milliseconds) ms")
            if waitForStop(milliseconds: milliseconds) { return 0 }
        }
    }

    /// The exit code if this end is final; nil for a death after which the service is started again.
    private func finalCode(_ end: WorkerProcess.End) -> Int32? {
        switch end {
        case .exited(let code): isStopping || code == 0 || !wasReady ? code : nil
        case .killed(let number): isStopping ? 128 + number : nil
        }
    }

    /// Waits for the end of the worker, and sends it SIGTERM when this process gets SIGTERM or SIGINT.
    private mutating func awaitEnd(_ worker: WorkerProcess) -> WorkerProcess.End {
        while true {
            if let end = worker.end() { return end }
            var number: Int32 = 0
            guard sigwait(&awaited, &number) == 0, number != SIGCHLD else { continue }
            isStopping = true
            // A terminal sends Ctrl-C to the worker as well. A second signal does no harm.
            kill(worker.id, SIGTERM)
        }
    }

    /// Waits before the next start; true if SIGTERM or SIGINT comes meanwhile.
    private func waitForStop(milliseconds: Int) -> Bool {
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

    private func warn(_ text: String) {
        // Errors are ignored: there is nowhere to report that stderr cannot be written.
        try? output.append(Array("varve: warning: \(text)\n".utf8))
    }
}
