// CertificateFile.swift — what the certificate in a PEM file says: for whom it is, and until when.

import CCertificate
import Glibc
import VarveFile

/// The first certificate of a PEM file, which is the one that its owner shows.
public final class CertificateFile {
    /// Why a file cannot be used, in one line.
    public struct Failure: Error, Hashable, Sendable, CustomStringConvertible {
        /// What failed, and where.
        public var description: String
    }

    /// Its path.
    public let path: String
    /// The host names and addresses that it is for, in its order.
    public let names: [String]
    /// The last moment at which it is valid, in seconds since 1970; at most what a `Timestamp` can hold.
    public let end: Int64
    private let certificate: OpaquePointer

    private static let limit = 1 << 20
    /// How long before its end a certificate is to be renewed, in seconds: 30 days.
    public static let renewalSeconds: Int64 = 30 * 86_400

    /// Reads a file.
    ///
    /// - Throws: `Failure` if it has no certificate; `FileError` if it cannot be read.
    public init(_ path: String) throws {
        let bytes = try POSIXFileSystem().readAll(path, limit: Self.limit)
        let read = Self.reading(bytes) { PEM_read_bio_X509($0, nil, Self.noPassword, nil) }
        guard let certificate = read else { throw Failure(description: "\(path) holds no certificate") }
        var time = tm()
        guard ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &time) == 1 else {
            X509_free(certificate)
            throw Failure(description: "the certificate in \(path) does not say until when it is valid")
        }
        self.path = path
        self.certificate = certificate
        end = min(Int64(timegm(&time)), Int64.max / 1_000_000_000)
        names = Self.names(of: certificate)
    }

    deinit { X509_free(certificate) }

    /// Whether it is for a host name or an address.
    public func names(_ host: String) -> Bool {
        X509_check_host(certificate, host, host.utf8.count, 0, nil) == 1
            || X509_check_ip_asc(certificate, host, 0) == 1
    }

    /// Checks that a file has the key of this certificate.
    ///
    /// - Throws: `Failure` if it has another one or none; `FileError` if it cannot be read.
    public func check(key path: String) throws {
        let bytes = try POSIXFileSystem().readAll(path, limit: Self.limit)
        let read = Self.reading(bytes) { PEM_read_bio_PrivateKey($0, nil, Self.noPassword, nil) }
        guard let key = read else { throw Failure(description: "\(path) holds no key without a password") }
        defer { EVP_PKEY_free(key) }
        let fits = X509_check_private_key(certificate, key) == 1
        ERR_clear_error()
        guard fits else { throw Failure(description: "\(path) is not the key of \(self.path)") }
    }

    /// Otherwise a key with a password would ask for it on the terminal.
    private static let noPassword:
        @convention(c) (UnsafeMutablePointer<CChar>?, Int32, Int32, UnsafeMutableRawPointer?) -> Int32 = {
            _, _, _, _ in 0
        }

    private static func reading(
        _ bytes: [UInt8], _ body: (OpaquePointer) -> OpaquePointer?
    ) -> OpaquePointer? {
        bytes.withUnsafeBytes { bytes in
            guard let source = BIO_new_mem_buf(bytes.baseAddress, Int32(clamping: bytes.count)) else {
                return nil
            }
            defer {
                BIO_free(source)
                ERR_clear_error()
            }
            return body(source)
        }
    }

    private static func names(of certificate: OpaquePointer) -> [String] {
        guard let found = X509_get_ext_d2i(certificate, NID_subject_alt_name, nil, nil) else { return [] }
        let list = OpaquePointer(found)
        defer { GENERAL_NAMES_free(list) }
        return (0..<max(0, OPENSSL_sk_num(list))).compactMap { index in
            guard let entry = OPENSSL_sk_value(list, index) else { return nil }
            return name(entry.assumingMemoryBound(to: GENERAL_NAME.self).pointee)
        }
    }

    private static func name(_ entry: GENERAL_NAME) -> String? {
        guard [GEN_DNS, GEN_IPADD].contains(entry.type), let text = entry.d.ia5,
            let start = ASN1_STRING_get0_data(text)
        else { return nil }
        let bytes = UnsafeBufferPointer(start: start, count: Int(ASN1_STRING_length(text)))
        if entry.type == GEN_DNS { return String(validating: bytes, as: UTF8.self) }
        guard bytes.count == 4 || bytes.count == 16 else { return nil }
        var shown = [CChar](repeating: 0, count: 64)
        guard inet_ntop(bytes.count == 4 ? AF_INET : AF_INET6, start, &shown, socklen_t(shown.count)) != nil
        else { return nil }
        return String(decoding: shown.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
