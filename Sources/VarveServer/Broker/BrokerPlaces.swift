// BrokerPlaces.swift — where the broker of the settings is reached, by clients and by the service.
//
// Clients check the name of a certificate. So where it is known, a host is one of its names: that on which the broker
// listens if the certificate has it, else its first one.

import Glibc
import VarveAccess
import VarveChannel
import VarveFile
import VarveMQTT

/// The addresses of the broker.
struct BrokerPlaces: Sendable {
    /// Where it listens without TLS; nil if it does not.
    let plain: BrokerAddress?
    /// Where it speaks TLS; nil if it does not.
    let encrypted: EncryptedAddress?

    private static let loopback = [BrokerAddress.standard.host, "localhost", "::1"]

    /// Reads the settings, and the names of the broker's certificate if its file is on this machine.
    init(_ settings: ServerConfiguration, _ folder: BrokerFolder, _ files: any FileSystem) {
        plain = settings.mqttPort > 0 ? BrokerAddress(host: settings.mqttHost, port: settings.mqttPort) : nil
        guard let listener = settings.tlsAddress else {
            encrypted = nil
            return
        }
        let pair = BrokerCertificate(settings, folder, files)
        let certificate = try? CertificateFile(pair.certificate)
        func place(_ hosts: [String]) -> BrokerAddress {
            let named = hosts.first { certificate?.names($0) == true } ?? certificate?.names.first
            // A wildcard is not the name of a host.
            let host = named.flatMap { $0.hasPrefix("*") ? nil : $0 } ?? hosts.first ?? listener.host
            return BrokerAddress(host: host, port: listener.port)
        }
        let isEverywhere = ["0.0.0.0", "::", "*"].contains(listener.host)
        let others = certificate?.names.filter { !Self.loopback.contains($0) && !$0.hasPrefix("*") } ?? []
        let own = (isEverywhere ? [] : [listener.host])
        encrypted = EncryptedAddress(
            address: place(own + (isEverywhere ? others + [Self.machineName] : [])),
            local: place(
                isEverywhere ? (listener.host == "::" ? Self.loopback.reversed() : Self.loopback) : own),
            authority: Self.authority(settings, pair, files),
            wantsCertificate: !settings.mqttTLSClientAuthority.isEmpty)
    }

    /// The text for people: where clients without TLS connect, or those with TLS if there are no others.
    var url: String { plain?.url ?? encrypted?.local.encryptedURL ?? "" }

    /// Where the service connects to an external broker: without TLS if it listens so, else with TLS.
    var ofService: BrokerAddress { plain ?? encrypted?.local ?? .standard }

    /// What the service's connection to an external broker with TLS needs; nil without TLS.
    func encryptionOfService(_ settings: ServerConfiguration) -> MQTTEncryption? {
        guard plain == nil, let encrypted else { return nil }
        return MQTTEncryption(
            authority: encrypted.authority, certificate: settings.brokerCertificate, key: settings.brokerKey)
    }

    /// By which certificate clients on this machine know the broker; empty for the system's authorities.
    private static func authority(
        _ settings: ServerConfiguration, _ pair: BrokerCertificate, _ files: any FileSystem
    ) -> String {
        if !settings.brokerAuthority.isEmpty { return files.resolved(settings.brokerAuthority) }
        guard pair.isOwn, case .file? = try? files.kind(pair.ownAuthority) else { return "" }
        return pair.ownAuthority
    }

    private static var machineName: String {
        var name = [CChar](repeating: 0, count: 256)
        guard gethostname(&name, name.count - 1) == 0 else { return "localhost" }
        return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

/// The files with which the broker proves who it is, and those by which it knows its clients.
struct BrokerCertificate: Hashable, Sendable {
    /// Whether `varve channel tls` has made it.
    let isOwn: Bool
    let certificate: String
    let key: String
    /// The certificate of the authority of `varve channel tls`, which need not exist.
    let ownAuthority: String
    /// The certificate of the authority whose clients are let in; empty to ask for no certificate.
    let clientAuthority: String

    init(_ settings: ServerConfiguration, _ folder: BrokerFolder, _ files: any FileSystem) {
        let own = DevelopmentAuthority(folder: folder.certificates)
        isOwn = settings.mqttTLSCertificate.isEmpty
        certificate = isOwn ? own.server.certificate : files.resolved(settings.mqttTLSCertificate)
        key = isOwn ? own.server.key : files.resolved(settings.mqttTLSKey)
        ownAuthority = own.authority.certificate
        let given = settings.mqttTLSClientAuthority
        clientAuthority = given.isEmpty ? "" : files.resolved(given)
    }

    /// The files that the broker reads.
    var files: [String] { [certificate, key] + (clientAuthority.isEmpty ? [] : [clientAuthority]) }

    /// Checks that the broker can use the files, and says until when the certificate is valid.
    ///
    /// - Returns: The end, in seconds since 1970.
    /// - Throws: `CertificateFile.Failure`, `FileError`.
    func check() throws -> Int64 {
        let read = try CertificateFile(certificate)
        try read.check(key: key)
        if !clientAuthority.isEmpty { _ = try CertificateFile(clientAuthority) }
        return read.end
    }
}
