// CallRules.swift — calls that a module, or every module, must not make, and words that the engine must not say.

enum CallRules {
    /// System calls on files.
    ///
    /// In a file that imports the C library, a free call of one of these names is I/O.
    private static let fileCalls: Set<String> = [
        "open", "openat", "creat", "fopen", "fdopen", "read", "pread", "readv", "preadv", "write", "pwrite",
        "writev", "pwritev", "fsync", "fdatasync", "syncfs", "rename", "renameat", "link", "linkat",
        "symlink",
        "unlink", "unlinkat", "remove", "rmdir", "mkdir", "mkdirat", "mkstemp", "ftruncate", "truncate",
        "fallocate", "mmap", "opendir", "readdir", "stat", "fstat", "lstat", "flock", "ioctl", "isatty",
    ]

    /// Foundation's types for access to files.
    private static let fileTypes: Set<String> = ["FileManager", "FileHandle"]

    /// Types with `init(contentsOf:)`.
    ///
    /// A collection's `append(contentsOf:)` does not read a file.
    private static let readingTypes: Set<String> = ["String", "Data"]

    private static let engine: Set<String> = [
        "VarveModel", "VarveFile", "VarveCodec", "VarveSegment", "VarveStorage", "VarveQuery",
        "VarveTransfer",
    ]

    /// Only VarveFile touches files, and the sockets of VarvePlatform the files that stand for them.
    static func fileAccess(_ file: SourceFile) -> [Violation] {
        guard let module = file.module, module != "VarveFile",
            !file.path.hasPrefix("Sources/VarvePlatform/Socket/")
        else { return [] }
        let importsC = file.imports.contains { $0.module == "Glibc" || $0.module == "Foundation" }
        return file.words.indices.compactMap { index in
            let word = file.words[index]
            let previous = index > 0 ? file.words[index - 1].text : ""
            let isMember = word.before == UInt8(ascii: ".")
            let isFree = isMember ? previous == "Glibc" : importsC && previous != "func"
            let isCall = word.after == UInt8(ascii: "(") && fileCalls.contains(word.text) && isFree
            let isType = importsC && fileTypes.contains(word.text)
            let isReading = word.text.hasPrefix("contentsOf") && readingTypes.contains(previous)
            guard isCall || isType || isReading else { return nil }
            return Violation(path: file.path, line: word.line, reason: "\(word.text) outside VarveFile")
        }
    }

    /// The engine prints nothing, reads no wall clock and never waits for time to pass.
    static func engineCalls(_ file: SourceFile) -> [Violation] {
        guard let module = file.module, engine.contains(module) else { return [] }
        return file.words.filter { word in
            guard word.after == UInt8(ascii: "(") else { return false }
            switch word.text {
            case "print", "debugPrint", "dump", "Date": return word.before != UInt8(ascii: ".")
            case "sleep", "usleep", "nanosleep": return true
            default: return false
            }
        }
        .map { Violation(path: file.path, line: $0.line, reason: "\($0.text)( in \(module)") }
    }

    /// The modules whose messages go to programs of all kinds.
    private static let silentAboutCommands: Set<String> = [
        "VarveCodec", "VarveSegment", "VarveStorage", "VarveQuery",
    ]

    /// The messages of the engine name no command and no option of one: the programs add what their users can do.
    static func commandWords(_ file: SourceFile) -> [Violation] {
        guard let module = file.module, silentAboutCommands.contains(module), file.isSwift else { return [] }
        return file.lines.enumerated().compactMap { index, line in
            let code = line.drop { $0 == " " }
            guard !code.hasPrefix("//"), code.contains("\"") else { return nil }
            guard let word = ["`varve ", " --"].first(where: { code.contains($0) }) else { return nil }
            return Violation(
                path: file.path, line: index + 1, reason: "\"\(word)\" in a message of \(module)")
        }
    }

    /// No code in the sources ends the process on purpose.
    static func traps(_ file: SourceFile) -> [Violation] {
        guard file.module != nil else { return [] }
        return file.words.compactMap { word in
            switch (word.text, word.after) {
            case ("try", UInt8(ascii: "!")), ("as", UInt8(ascii: "!")), ("fatalError", UInt8(ascii: "(")):
                Violation(
                    path: file.path, line: word.line,
                    reason: "\(word.text)\(Character(UnicodeScalar(word.after))) in the sources")
            default: nil
            }
        }
    }
}
