// DataOptions.swift — which data directory a command works on, and its registry.

import ArgumentParser
import Glibc
import VarveFile
import VarveRegistry

/// The option `--data`, shared by every command.
struct DataOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The data directory; else the variable VARVE_DATA, else ./varve-data.", valueName: "dir"))
    var data: String?

    /// What a command does with the registry.
    enum RegistryAccess {
        /// Reads one that exists.
        case read
        /// Changes one that exists.
        case change
        /// Changes it, and creates it and its directory first if they are missing.
        case create
    }

    func validate() throws {
        if data == "" { throw ValidationError("--data is empty: name a directory") }
    }

    /// The data directory: `--data`, else the variable VARVE_DATA, else the standard name.
    var path: String {
        if let data { return data }
        if let variable = getenv("VARVE_DATA"), variable.pointee != 0 { return String(cString: variable) }
        return DirectoryNames.standard
    }

    /// The path of the registry's file.
    var registryPath: String { path + "/" + DirectoryNames.registry }

    /// The path of the message log's file.
    var logPath: String { path + "/" + DirectoryNames.messageLog }

    /// Makes the directory if it is missing, and takes rights away from others; prints on standard error what changed.
    ///
    /// - Throws: `DirectoryRefused` if it or something in it is another user's or a link; `FileError`.
    func ensureDirectory() throws {
        var errors = StandardErrors()
        for note in try DirectoryGuard.prepare(path) { print("varve: \(note)", to: &errors) }
    }

    /// Opens the registry.
    ///
    /// - Throws: `RegistryError`, with code `notFound` for a missing file that is not to be created; for a change also
    ///   what preparing the directory throws.
    func openRegistry(to access: RegistryAccess) throws -> Registry {
        switch access {
        case .read: return try Registry.open(path: registryPath, create: false, readOnly: true)
        case .change:
            if try POSIXFileSystem().kind(registryPath) != nil { try ensureDirectory() }
            return try Registry.open(path: registryPath, create: false)
        case .create:
            try ensureDirectory()
            return try Registry.open(path: registryPath, create: true)
        }
    }
}
