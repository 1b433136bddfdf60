// ScriptRunner.swift — the process in which one script runs: says that it is confined, loads, calls, answers.
//
// The service starts it with a socket as its standard input, and ends it by closing that socket.
//
// Invariants:
// - No byte of a script is looked at before the process is confined.
// - The answer to a request is complete, or the last frame says which limit was exceeded, or the process has crashed.

import Glibc
import VarveFile
import VarvePlatform
import VarveScript

@main
enum ScriptRunner {
    static func main() {
        ScriptEngine.prepareProcess()
        do {
            let line = ServiceLine(try LocalSocketConnection.standardInput())
            let watch = CallWatch(line, try ProcessMemory())
            let engine = ScriptEngine()
            try confine(line)
            try watch.start()
            try line.send(.ready(version: ServiceLine.version, obstacle: ""))
            try serve(line, watch, engine)
        } catch is LostRunner {
            // The service has gone, or says what this program does not understand.
            exit(1)
        } catch {
            let line = "VarveScriptRunner: varved and varve script start this program: \(error)\n"
            try? POSIXFile.standardError().append(Array(line.utf8))
            exit(2)
        }
    }

    /// Confines the process; if that is not possible, tells the service and ends.
    private static func confine(_ line: ServiceLine) throws {
        do {
            try Confinement.enter()
        } catch {
            try line.send(.ready(version: ServiceLine.version, obstacle: "\(error)"))
            exit(1)
        }
    }

    private static func serve(_ line: ServiceLine, _ watch: CallWatch, _ engine: ScriptEngine) throws {
        var limits = ScriptLimits()
        while true {
            switch try line.receive() {
            case nil: return
            case .load(let script, let given):
                limits = given
                watch.begin(memoryLimit: limits.memoryBytes)
                let failure = watch.watching(limit: limits.loadMilliseconds, isLoading: true) {
                    engine.load(script)
                }
                try watch.finish()
                try line.send(.loaded(failure))
            case .call(let function, let payloads):
                watch.begin()
                for payload in payloads {
                    try watch.add(
                        watch.watching(limit: limits.milliseconds) {
                            engine.call(function, payload, resultLimit: limits.resultBytes)
                        })
                }
                try watch.finish()
            }
        }
    }
}
