// MadeCertificates.swift — certificates that openssl makes in a sandbox, without any code of Varve.

import Foundation
import VarveTestSupport

/// A certificate and its key, PEM files.
struct MadeCertificate {
    var certificate: String
    var key: String

    /// The variables that make them the certificate of the service's broker.
    var environment: [String: String] {
        ["VARVE_MQTT_TLS_CERTIFICATE": certificate, "VARVE_MQTT_TLS_KEY": key]
    }
}

extension Sandbox {
    /// Makes an authority, or with `signer` a certificate for names such as `DNS:localhost`.
    ///
    /// - Parameters:
    ///   - days: How long it is valid.
    ///   - date: When it is made; nil for now.
    func makeCertificate(
        _ name: String, names: [String] = [], signer: MadeCertificate? = nil, days: Int = 365,
        date: String? = nil
    ) throws -> MadeCertificate {
        let made = MadeCertificate(certificate: "\(path)/\(name).pem", key: "\(path)/\(name).key")
        var program = date.map { ["faketime", $0] } ?? []
        program += [
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
            "-subj", "/CN=\(name)", "-days", String(days), "-keyout", made.key, "-out", made.certificate,
        ]
        if let signer {
            program += [
                "-CA", signer.certificate, "-CAkey", signer.key, "-addext",
                "basicConstraints=critical,CA:FALSE",
                "-addext", "subjectAltName=" + names.joined(separator: ","),
            ]
        }
        let ending = try start(program: program).wait()
        guard ending.code == 0 else { throw Overdue(description: ending.errors) }
        return made
    }
}
