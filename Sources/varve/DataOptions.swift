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

    /// What a command is going to do with the registry.
    enum RegistryAccess {
        /// Look into one that exists.
        case read
        /// Change one that exists.
        case change
        /// Change one, made first if it is missing, with its directory.
        case create
    }

    func validate() throws {
        if data == "" { throw ValidationError("--data is empty: name a directory") }
    }

    /// The directory.
    var path: String {
        if let data { return data }
        if let variable = getenv("VARVE_DATA"), variable.pointee != 0 { return String(cString: variable) }
        return DirectoryNames.standard
    }

    /// The registry's file.
    var registryPath: String { path + "/" + DirectoryNames.registry }

    /// The message log's file.
    var logPath: String { path + "/" + DirectoryNames.messageLog }

    /// Makes the directory if it is missing, and closes to others what is open to them; says so on standard error.
    func ensureDirectory() throws {
        var errors = StandardErrors()
        for note in try DirectoryGuard.prepare(path) { print("varve: \(note)", to: &errors) }
    }

    /// Opens the registry.
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
