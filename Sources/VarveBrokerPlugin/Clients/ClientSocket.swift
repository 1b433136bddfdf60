// ClientSocket.swift — how many bytes have passed over the TCP connection of a client, as the kernel counts
// them.
//
// The broker's interface does not show what a client has read. In mosquitto 2.0 the second 32-bit field of
// its record of a client is the socket. That is not promised, so it is checked: it must be a socket whose
// peer has the address that the interface gives. If it is not, what the client reads stays unknown, and only
// the limit of the broker's memory protects it.
//
// Invariants:
// - It only asks the kernel. It never reads, writes or closes the socket.
// - It is used only between a client's login and its end, while the broker owns the socket.

import Glibc

/// The counters of a connection.
struct ClientSocket {
    /// Offsets in the kernel's `struct tcp_info`, which only grows at its end (Linux 4.19).
    private static let receivedPlace = 128, unsentPlace = 144, sentPlace = 200, sentAgainPlace = 208

    private let descriptor: Int32

    /// The socket of the client whose record is at `client`; nil if the check fails.
    init?(client: UnsafeRawPointer, address: String) {
        descriptor = client.load(fromByteOffset: 4, as: Int32.self)
        guard descriptor > 2, Self.peer(of: descriptor) == address else { return nil }
    }

    /// The number of bytes that the broker has handed to the kernel for the client; nil if the kernel does
    /// not say.
    func bytesHandedToKernel() -> Int? {
        information { information in
            let unsent = information.load(fromByteOffset: Self.unsentPlace, as: UInt32.self)
            let sent = information.load(fromByteOffset: Self.sentPlace, as: UInt64.self)
            let again = information.load(fromByteOffset: Self.sentAgainPlace, as: UInt64.self)
            return Int(clamping: sent) - Int(clamping: again) + Int(unsent)
        }
    }

    /// The number of bytes that the client has sent; nil if the kernel does not say.
    func bytesReceived() -> Int? {
        information { Int(clamping: $0.load(fromByteOffset: Self.receivedPlace, as: UInt64.self)) }
    }

    private func information(_ take: (UnsafeMutableRawBufferPointer) -> Int) -> Int? {
        withUnsafeTemporaryAllocation(byteCount: 256, alignment: 8) { buffer in
            var size = socklen_t(buffer.count)
            guard getsockopt(descriptor, Int32(IPPROTO_TCP), TCP_INFO, buffer.baseAddress, &size) == 0,
                Int(size) >= Self.sentAgainPlace + 8
            else { return nil }
            return take(buffer)
        }
    }

    /// The address of the peer, in the form that the broker uses.
    private static func peer(of descriptor: Int32) -> String? {
        withUnsafeTemporaryAllocation(byteCount: 128, alignment: 16) { buffer in
            var size = socklen_t(buffer.count)
            guard let base = buffer.baseAddress,
                getpeername(descriptor, base.assumingMemoryBound(to: sockaddr.self), &size) == 0
            else { return nil }
            let family = Int32(buffer.load(as: sa_family_t.self))
            let place = family == AF_INET ? 4 : family == AF_INET6 ? 8 : 0
            guard place > 0 else { return nil }
            var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN) + 1)
            guard inet_ntop(family, base + place, &text, socklen_t(text.count)) != nil else { return nil }
            return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }
    }
}
