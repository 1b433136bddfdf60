// DevelopmentAuthority.swift — a certificate authority for trials and for networks of one's own, by the `openssl` program
// that Debian has.
//
// It is for a user who brings no certificates. Whoever has the key of the authority can make certificates that its clients
// believe, so the folder belongs to the owner of the data directory alone.
//
// Invariants:
// - A file that exists is replaced only when the user asks for that, and only by a whole one.
// - No name of the user can add a line to a configuration of openssl.

import Glibc
public import VarveFile
import VarvePlatform

/// A certificate authority in a folder, and what it has signed.
public struct DevelopmentAuthority {
    /// Why no certificate could be made, in one line.
    public struct Failure: Error, Hashable, Sendable, CustomStringConvertible {
        /// What failed, and what to do.
        public var description: String
    }

    /// A certificate and its key, as PEM files.
    public struct Files: Hashable, Sendable {
        /// The path of the certificate, which may be shown to anybody.
        public var certificate: String
        /// The path of the key, which only its owner may read.
        public var key: String
    }

    /// For how many days a certificate is valid by default; the authority's own is for ten years.
    public static let defaultDays = 825
    private static let program = "/usr/bin/openssl"
    private static let milliseconds: Int32 = 30_000
    private let folder: String
    private let files = POSIXFileSystem()

    /// Names the folder, which the first certificate makes.
    public init(folder: String) {
        self.folder = folder
    }

    /// The folder of a data directory.
    public static func folder(data: String) -> String {
        [data, DirectoryNames.broker, "tls"].joined(separator: "/")
    }

    /// The certificate that clients must know, and its key.
    public var authority: Files { pair("ca") }
    /// The certificate with which the broker proves who it is.
    public var server: Files { pair("server") }
    /// The certificate with which a client proves who it is.
    public func client(_ name: String) -> Files { pair("client-" + name) }

    /// Whether both files of a pair are there.
    public func has(_ pair: Files) throws(FileError) -> Bool {
        guard case .file? = try files.kind(pair.certificate), case .file? = try files.kind(pair.key) else {
            return false
        }
        return true
    }

    /// The files of one of the clients; nil if it has signed none.
    ///
    /// - Throws: `FileError` if the folder cannot be listed.
    public func firstClient() throws(FileError) -> (certificate: String, key: String)? {
        guard case .folder? = try files.kind(folder) else { return nil }
        let name = try files.list(folder).sorted().first { $0.hasPrefix("client-") && $0.hasSuffix(".pem") }
        guard let name else { return nil }
        let path = "\(folder)/\(name)"
        return (path, "\(path.dropLast(4)).key")
    }

    /// Makes the certificate of a broker with these names and addresses, and the authority if it is missing.
    ///
    /// - Throws: `Failure` for a name that cannot be in a certificate, and if openssl fails; `FileError`.
    public func makeServer(names: [String], days: Int = defaultDays) throws {
        let alternatives = try names.map { name in
            if Self.isAddress(name) { return "IP:\(name)" }
            guard Self.isName(name) else {
                throw Failure(description: "\"\(name)\" is neither a host name nor an IP address")
            }
            return "DNS:\(name)"
        }
        guard let first = names.first else { throw Failure(description: "a certificate needs a host name") }
        try makeAuthority()
        try make(
            server, name: first, days: days,
            extensions: [
                "extendedKeyUsage=serverAuth", "subjectAltName=" + alternatives.joined(separator: ","),
            ])
    }

    /// Makes the certificate of a client, and the authority if it is missing.
    ///
    /// - Throws: `Failure` for a name that cannot be in a certificate or exists, and if openssl fails; `FileError`.
    public func makeClient(_ name: String, days: Int = defaultDays) throws {
        guard Self.isName(name) else {
            throw Failure(description: "a client's name has letters, digits, - _ and . only, at most 64")
        }
        guard try !has(client(name)) else {
            throw Failure(
                description: "\(client(name).certificate) is there already: choose another name, or remove it"
            )
        }
        try makeAuthority()
        try make(client(name), name: name, days: days, extensions: ["extendedKeyUsage=clientAuth"])
    }

    private func makeAuthority() throws {
        guard try !has(authority) else { return }
        try DirectoryGuard.makePrivate(folder)
        try run(
            authority, name: "Varve development CA", days: 3650, signer: [],
            extensions: [
                "basicConstraints=critical,CA:TRUE,pathlen:0", "keyUsage=critical,keyCertSign,cRLSign",
                "subjectKeyIdentifier=hash",
            ])
    }

    private func make(_ pair: Files, name: String, days: Int, extensions: [String]) throws {
        try run(
            pair, name: name, days: days,
            signer: ["-CA", authority.certificate, "-CAkey", authority.key],
            extensions: ["basicConstraints=critical,CA:FALSE", "keyUsage=critical,digitalSignature"]
                + extensions)
    }

    /// Runs openssl, and puts both files in their places if it has made both.
    private func run(
        _ pair: Files, name: String, days: Int, signer: [String], extensions: [String]
    ) throws {
        let configuration = folder + "/openssl.cnf", output = folder + "/openssl.out"
        let made = Files(certificate: folder + "/new.pem", key: folder + "/new.key")
        let lines =
            [
                "[req]", "prompt=no", "distinguished_name=dn", "x509_extensions=ext", "[dn]", "CN=" + name,
                "[ext]",
            ]
            + extensions
        umask(0o077)
        try files.replace(configuration, Array((lines.joined(separator: "\n") + "\n").utf8))
        defer { for path in [configuration, output] { try? files.remove(path) } }
        let arguments =
            ["req", "-x509", "-config", configuration, "-newkey", "ec", "-pkeyopt"]
            + ["ec_paramgen_curve:prime256v1", "-nodes", "-sha256", "-days", "\(days)"] + signer
            + ["-keyout", made.key, "-out", made.certificate]
        guard case .file? = try files.kind(Self.program) else {
            throw Failure(description: "\(Self.program) is missing: apt-get install openssl")
        }
        let process = try DetachedProcess.start(Self.program, arguments, folder: folder, output: output)
        let hasEnded = ProcessHandle(process)?.awaitEnd(milliseconds: Self.milliseconds) ?? true
        DetachedProcess.reap(process)
        guard hasEnded, try has(made) else {
            let said =
                (try? files.readAll(output, limit: 1 << 16)).map { String(decoding: $0, as: UTF8.self) } ?? ""
            let line = said.split(separator: "\n").first { $0.contains("rror") } ?? "it made no certificate"
            throw Failure(description: "\(Self.program) failed: \(line)")
        }
        try files.rename(made.key, to: pair.key)
        try files.rename(made.certificate, to: pair.certificate)
    }

    private func pair(_ name: String) -> Files {
        Files(certificate: "\(folder)/\(name).pem", key: "\(folder)/\(name).key")
    }

    private static func isAddress(_ text: String) -> Bool {
        withUnsafeTemporaryAllocation(byteCount: 16, alignment: 8) { bytes in
            inet_pton(AF_INET, text, bytes.baseAddress) == 1
                || inet_pton(AF_INET6, text, bytes.baseAddress) == 1
        }
    }

    private static func isName(_ text: String) -> Bool {
        let others = Array("-_.".utf8)
        let isPlain = text.utf8.allSatisfy { byte in
            (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte & 0xDF) || others.contains(byte)
        }
        return isPlain && (1...64).contains(text.utf8.count) && !text.hasPrefix(".") && !text.hasPrefix("-")
    }
}
