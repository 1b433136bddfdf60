// Broker+Channel.swift — the broker that the loop's tests talk to.

import VarveAccess
import VarveTestSupport

extension Broker {
    /// A broker with the plugin, the service's login and the channel `P`.
    static func withChannel() throws -> Broker {
        let credentials = Credentials(
            service: .init(username: "varve-service", password: "sp"),
            channels: [.init(product: "P", name: "one", isEnabled: true, productSecret: "", password: "cp")],
            devices: [])
        return try Broker(.plugin()) { folder in
            try CredentialsFile.write(credentials, to: folder + "/credentials")
        }
    }
}
