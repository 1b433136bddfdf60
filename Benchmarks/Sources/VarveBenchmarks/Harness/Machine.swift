// Machine.swift — the machine on which the figures were measured.

import Glibc

/// The machine, as the kernel describes it.
enum Machine {
    /// Processor, cores, memory, kernel.
    static var description: String {
        let model = field("model name", of: "/proc/cpuinfo") ?? "unknown processor"
        let cores = sysconf(Int32(_SC_NPROCESSORS_ONLN))
        let kibibytes = field("MemTotal", of: "/proc/meminfo")?.split(separator: " ").first.flatMap {
            Double($0)
        }
        let memory = kibibytes.map { Figure.fixed($0 / 1_048_576, decimals: 1) + " GiB" } ?? "unknown"
        let kernel = text(of: "/proc/sys/kernel/osrelease").split(separator: "\n").first ?? "unknown"
        return "\(model), \(cores) cores, \(memory) of memory, Linux \(kernel)"
    }

    /// The load averages over 1, 5 and 15 minutes.
    static var load: String {
        text(of: "/proc/loadavg").split(separator: " ").prefix(3).joined(separator: " ")
    }

    /// The date in UTC.
    static var date: String {
        var now = time(nil)
        var parts = tm()
        gmtime_r(&now, &parts)
        func two(_ number: Int32) -> String { (number < 10 ? "0" : "") + String(number) }
        let day = "\(parts.tm_year + 1900)-\(two(parts.tm_mon + 1))-\(two(parts.tm_mday))"
        return "\(day) \(two(parts.tm_hour)):\(two(parts.tm_min)) UTC"
    }

    private static func field(_ name: String, of path: String) -> String? {
        for line in text(of: path).split(separator: "\n") where line.hasPrefix(name) {
            guard let colon = line.firstIndex(of: ":") else { continue }
            return String(line[line.index(after: colon)...].drop { $0 == " " || $0 == "\t" })
        }
        return nil
    }

    /// Files under /proc have no size, so they are read to their end.
    private static func text(of path: String) -> String {
        let file = open(path, O_RDONLY)
        guard file >= 0 else { return "" }
        defer { close(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while case let count = read(file, &buffer, buffer.count), count > 0 {
            bytes.append(contentsOf: buffer[..<count])
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
