// CrashPointTests.swift — a stop, and a failure, at every call of every operation.

import Glibc
import Testing

@testable import VarveStorage

@Suite struct CrashPointTests {
    @Test("an operation can be stopped at any call", arguments: CrashOperation.allCases)
    func everyCall(operation: CrashOperation) throws {
        let (calls, crashes) = try CrashPoints(operation: operation).stopEverywhere { finding in
            Issue.record("\(finding)")
            return true
        }
        CrashSettings.report("stops", operation.rawValue, calls, crashes)
        #expect(calls > 1)
    }

    @Test("any call of an operation can fail", arguments: CrashOperation.allCases, [EIO, ENOSPC])
    func everyFailure(operation: CrashOperation, code: Int32) throws {
        let (calls, crashes) = try CrashPoints(operation: operation).failEverywhere(code) { finding in
            Issue.record("\(finding)")
        }
        if code == EIO { CrashSettings.report("failures", operation.rawValue, calls, crashes) }
    }
}
