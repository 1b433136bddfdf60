// Loopback.swift — ports and sockets of the loopback interface, 127.0.0.1.

import Glibc

/// The loopback interface.
package enum Loopback {
    /// The system refused a socket or an address.
    package struct Failure: Error { package var code: Int32 }

    /// A port on which no process listens now.
    ///
    /// - Throws: `Failure`.
    package static func freePort() throws -> UInt16 {
        let descriptor = socket()
        defer { close(descriptor) }
        guard withAddress(0, { bind(descriptor, $0, $1) }) == 0 else { throw Failure(code: errno) }
        return port(of: descriptor)
    }

    /// Whether a process listens on a port.
    package static func isListening(_ port: UInt16) -> Bool {
        guard let descriptor = try? connect(to: port) else { return false }
        close(descriptor)
        return true
    }

    /// A socket that is connected to a port; the caller closes it.
    ///
    /// - Throws: `Failure` if no process listens there.
    package static func connect(to port: UInt16) throws -> Int32 {
        let descriptor = socket()
        guard withAddress(port, { Glibc.connect(descriptor, $0, $1) }) == 0 else {
            let code = errno
            close(descriptor)
            throw Failure(code: code)
        }
        return descriptor
    }

    /// A socket that listens, and its port; the caller closes it.
    ///
    /// - Parameter port: The port; 0, the default, for a free one.
    /// - Throws: `Failure` if the port is in use.
    package static func listen(_ port: UInt16 = 0) throws -> (descriptor: Int32, port: UInt16) {
        let descriptor = socket()
        guard withAddress(port, { bind(descriptor, $0, $1) }) == 0, Glibc.listen(descriptor, 8) == 0 else {
            let code = errno
            close(descriptor)
            throw Failure(code: code)
        }
        return (descriptor, self.port(of: descriptor))
    }

    private static func socket() -> Int32 { Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0) }

    private static func port(of descriptor: Int32) -> UInt16 {
        var address = sockaddr_in()
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        _ = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &size) }
        }
        return UInt16(bigEndian: address.sin_port)
    }

    private static func withAddress(
        _ port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) -> Int32 {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }
}
