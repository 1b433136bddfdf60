// BrokerLimitsTests.swift — the broker of the tests has the limits that the service gives to its own.

import Testing
import VarveFile
import VarveServer
import VarveTestSupport

@Suite struct BrokerLimitsTests {
    @Test("each limit of the tests' broker is a line of the service's configuration")
    func limits() throws {
        let folder = try TemporaryFolder()
        var settings = ServerConfiguration()
        settings.data = "\(folder.path)/data"
        settings.brokerPlugin = Broker.plugin
        let lines = Set(try Server.brokerConfiguration(settings).split(separator: "\n").map(String.init))
        #expect(Broker.limits.filter { !lines.contains($0) } == [])
    }
}
