// ByteDecoder.swift — turns a file's bytes into text; the first bytes show whether and how it is packed.
//
// Invariants:
// - `decode` returns 0 only at the proper end of the data; a file that ends early or does not follow its
//   format throws `DamagedInput`.

import VarveFile

/// Produces the decompressed bytes of one file, in order.
protocol ByteDecoder: AnyObject {
    /// Fills `target` as far as it can in one step.
    ///
    /// - Returns: The number of bytes produced; 0 at the end.
    /// - Throws: `FileError`, and `DamagedInput` if the data are cut off or damaged.
    func decode(into target: UnsafeMutableRawBufferPointer) throws -> Int

    /// The bytes of the file read so far.
    var bytesRead: Int { get }
}

/// A compressed file is cut off or does not follow its format.
public struct DamagedInput: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong with the file.
    public enum Fault: Hashable, Sendable {
        /// It ends before its data do.
        case truncated
        /// Its content contradicts itself or its checksum.
        case corrupt
        /// It needs a feature of the format that is not supported.
        case unsupported(String)
    }

    /// The path of the file.
    public var path: String
    /// The compression: `gzip`, `zstd` or `lz4`.
    public var format: String
    /// What is wrong with the file.
    public var fault: Fault

    /// One line: what, where and what to do.
    public var description: String {
        switch fault {
        case .truncated:
            "\(path) is truncated: the \(format) data end too early; get a whole copy of the file"
        case .corrupt: "\(path) is damaged: the \(format) data are not valid; get a good copy of the file"
        case .unsupported(let detail): "\(path) cannot be read: \(format) \(detail); unpack it first"
        }
    }
}

/// The ways a file can be packed.
enum InputCompression {
    case plain
    case gzip
    case zstd
    case lz4

    /// Finds the packing from the first bytes.
    init(firstBytes bytes: ArraySlice<UInt8>) {
        let four = Array(bytes.prefix(4))
        if four.starts(with: [0x1F, 0x8B]) {
            self = .gzip
        } else if four == [0x28, 0xB5, 0x2F, 0xFD] {
            self = .zstd
        } else if four == [0x04, 0x22, 0x4D, 0x18] {
            self = .lz4
        } else {
            self = .plain
        }
    }

    /// Whether a file is not packed.
    ///
    /// - Throws: `FileError` if it cannot be read.
    static func isPlain(_ file: any File) throws -> Bool {
        var input = RawInput(file)
        return InputCompression(firstBytes: try input.peek(4)) == .plain
    }

    /// Makes the decoder for a file; it reads from the beginning.
    ///
    /// - Throws: `FileError` if it cannot be read; `DamagedInput` if the decoder has no memory.
    static func decoder(for file: any File) throws -> any ByteDecoder {
        var input = RawInput(file)
        switch InputCompression(firstBytes: try input.peek(4)) {
        case .plain: return PlainDecoder(input)
        case .gzip: return try GzipDecoder(input)
        case .zstd: return try ZstdDecoder(input)
        case .lz4: return try LZ4Decoder(input)
        }
    }
}

/// Passes bytes on as they are.
final class PlainDecoder: ByteDecoder {
    private var input: RawInput

    init(_ input: RawInput) {
        self.input = input
    }

    var bytesRead: Int { input.bytesRead }

    func decode(into target: UnsafeMutableRawBufferPointer) throws -> Int {
        try input.read(into: target)
    }
}
