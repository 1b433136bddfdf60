// BrokerLogReaderTests.swift — reading the broker's log goes on after a cut, a new broker and a restart of the reader.

import Testing
import VarveFile
import VarveTestSupport

@testable import VarveServer

@Suite struct BrokerLogReaderTests {
    private let folder: TemporaryFolder
    private let files = POSIXFileSystem()
    private var path: String { folder.path + "/mosquitto.log" }

    init() throws { folder = try TemporaryFolder() }

    private func write(_ text: String) throws {
        let file = try files.open(path, .append)
        defer { file.close() }
        try file.append(Array(text.utf8))
    }

    /// Reads everything, with the place as text between the calls, as a service does after its restart.
    private func read(_ place: inout String, pieceBytes: Int = 1 << 20) throws -> [String] {
        let reader = BrokerLogReader(path, files, pieceBytes: pieceBytes)
        var lines: [String] = []
        while true {
            let position = try #require(BrokerLogPosition(text: place))
            let piece = try reader.read(after: position)
            lines += piece.lines
            place = piece.position.text
            if !piece.hasMore { return lines }
        }
    }

    @Test("each line comes once, and an incomplete line comes when it is complete")
    func onward() throws {
        var place = BrokerLogPosition.start.text
        #expect(try read(&place).isEmpty)
        try write("one\ntwo\nthr")
        #expect(try read(&place) == ["one", "two"])
        #expect(try read(&place).isEmpty)
        try write("ee\n")
        #expect(try read(&place) == ["three"])
        try write(String(repeating: "line\n", count: 100))
        #expect(try read(&place, pieceBytes: 64).count == 100)
    }

    @Test("a cut of the log loses nothing and repeats nothing")
    func cut() throws {
        var place = BrokerLogPosition.start.text
        let log = BrokerLog(path, files, limit: 10)
        try write("first line\n")
        #expect(try read(&place) == ["first line"])
        try write("before the cut\n")
        try log.truncateIfLong()
        try write("after it\n")
        #expect(try read(&place) == ["before the cut", "after it"])
        #expect(try read(&place).isEmpty)
        try write("and on\n")
        #expect(try read(&place) == ["and on"])
    }

    @Test("the last lines of a broker that died are read before those of the next")
    func newBroker() throws {
        var place = BrokerLogPosition.start.text
        try write("a line of the first broker\n")
        #expect(try read(&place).count == 1)
        try write("its last words\n")
        try BrokerLog(path, files).moveToPredecessor()
        #expect(try read(&place) == ["its last words"])
        try write("the second broker, which says much more\n")
        #expect(try read(&place) == ["the second broker, which says much more"])
        try BrokerLog(path, files).moveToPredecessor()
        try BrokerLog(path, files).moveToPredecessor()
        try write("3\n")
        #expect(try read(&place) == ["3"], "what was read of a log before is not read again")
    }

    @Test("bytes without a line feed are passed over once they are longer than any line")
    func endlessLine() throws {
        var place = BrokerLogPosition.start.text
        try write(String(repeating: "x", count: 300) + "\nnext\n")
        #expect(try read(&place, pieceBytes: 64).last == "next")
    }

    @Test("a text that is not a place is refused", arguments: ["", "-1 0", "x 1", "1", "1 2 3", "1 g"])
    func badPlace(text: String) {
        #expect(BrokerLogPosition(text: text) == nil)
    }
}
