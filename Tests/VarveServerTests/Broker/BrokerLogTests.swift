// BrokerLogTests.swift — a log that is too long becomes empty while its writer has it open.

import Testing
import VarveFile
import VarveTestSupport

@testable import VarveServer

@Suite struct BrokerLogTests {
    @Test("a log over the limit becomes the predecessor, and its writer goes on in an empty one")
    func truncateIfLong() throws {
        let folder = try TemporaryFolder()
        let files = POSIXFileSystem()
        let log = BrokerLog("\(folder.path)/m.log", files, limit: 10)
        try log.truncateIfLong()
        let writer = try files.open("\(folder.path)/m.log", .append)
        try writer.append(Array("0123456789".utf8))
        try log.truncateIfLong()
        #expect(try files.kind(log.predecessor) == nil, "the limit itself is within it")
        try writer.append(Array("x".utf8))
        try log.truncateIfLong()
        #expect(try files.readAll(log.predecessor) == Array("0123456789x".utf8))
        try writer.append(Array("next".utf8))
        #expect(try files.readAll("\(folder.path)/m.log") == Array("next".utf8))
    }
}
