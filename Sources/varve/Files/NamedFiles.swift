// NamedFiles.swift — the input files that a command line names: which are read, and where their rejected rows go.
//
// Invariants:
// - A file of rejected rows is read only if it is the only file named. Among others it is there by a pattern (`*.csv`).

import VarveFile
import VarveTransfer

/// The inputs of a command.
struct NamedFiles {
    /// Why none of the files can be read, or where rejected rows cannot go.
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// The inputs that are read, in the order of the command line.
    let paths: [String]
    /// The options that a file of rejected rows carries; empty for other files.
    let givenOptions: [GivenOption]
    private let rejectsFolder: String?

    /// Looks at the first lines of the files, and says on standard error which files are passed over.
    ///
    /// - Parameter rejectsFolder: Where rejected rows go; nil: beside each file.
    /// - Throws: `Failure`; for a single file also what `RejectsFile.read` throws.
    init(_ named: [String], rejectsFolder: String? = nil) throws {
        let files = POSIXFileSystem()
        self.rejectsFolder = rejectsFolder
        if named.count == 1 {
            paths = named
            // Errors of the file itself are reported when its rows are read.
            givenOptions = named[0] == "-" ? [] : try RejectsFile.read(named[0], files: files)?.options ?? []
        } else {
            paths = named.filter { path in
                guard path != "-", Self.holdsRejectedRows(path, files) else { return true }
                var errors = StandardErrors()
                print(
                    "varve: \(path) holds rejected rows and is passed over; name it alone to have them read",
                    to: &errors)
                return false
            }
            givenOptions = []
        }
        if paths.isEmpty {
            throw Failure(description: "all these files hold rejected rows; name one alone to have it read")
        }
        try checkFolder(files)
    }

    /// Whether a file's first line marks it as a file of rejected rows; false for one that cannot be read.
    private static func holdsRejectedRows(_ path: String, _ files: POSIXFileSystem) -> Bool {
        do {
            return try RejectsFile.read(path, files: files) != nil
        } catch let error as ImportError {
            if case .badRejects = error { return true }
            return false
        } catch {
            return false
        }
    }

    /// Where the rejected rows of an input go; nil: beside it.
    func rejectedPath(of input: String) -> String? {
        rejectsFolder.map { "\($0)/\(Self.name(of: input)).rejected.csv" }
    }

    private static func name(of input: String) -> Substring {
        input == "-" ? "stdin" : input.split(separator: "/").last ?? "input"
    }

    private func checkFolder(_ files: POSIXFileSystem) throws {
        guard let rejectsFolder else { return }
        guard case .folder? = try files.kind(rejectsFolder) else {
            throw Failure(description: "--rejects: \(rejectsFolder) is not a folder; make it first")
        }
        let names = Dictionary(grouping: paths, by: Self.name)
        if let twice = names.filter({ $0.value.count > 1 }).keys.min() {
            throw Failure(
                description:
                    "--rejects: several files are named \(twice), and their rejected rows would share one "
                    + "file; give them one by one, each with a folder of its own")
        }
    }
}

/// The outcome of each file of a command that reads several.
struct FileReport {
    private let inputs: [String]
    private var failures: [any Error] = []
    private var notes: [String] = []
    private(set) var done = 0

    init(_ named: NamedFiles) {
        inputs = named.paths
    }

    /// Whether a file could not be read.
    var hasFailed: Bool { !failures.isEmpty }

    /// Records a file that was read.
    ///
    /// - Parameters:
    ///   - rejected: How many were rejected.
    ///   - unit: What `rejected` counts: samples where a line has several, else rows.
    ///   - path: Where the rejected rows are.
    mutating func add(_ input: String, rejected: UInt64, _ unit: String, at path: String?) {
        done += 1
        guard rejected > 0, inputs.count > 1 else { return }
        let place = path.map { ", see \($0)" } ?? ""
        notes.append("varve: \(input): \(ImportSummary.grouped(rejected)) \(unit) rejected\(place)")
    }

    /// Records an error that concerns only this file of several.
    ///
    /// - Throws: Any other error, as it would stop the other files too.
    mutating func add(_ input: String, _ error: any Error) throws {
        let concernsInput =
            switch error {
            case is ImportError, is DamagedInput: true
            case let failure as FileError: failure.path == input
            default: false
            }
        guard concernsInput, inputs.count > 1 else { throw error }
        failures.append(error)
    }

    /// Lists on standard error what failed and what was rejected.
    ///
    /// - Parameter isStopped: Whether an error of another kind ended the run before its last file.
    func end(isStopped: Bool) {
        var errors = StandardErrors()
        for note in notes { print(note, to: &errors) }
        for failure in failures {
            if let line = CommandFailure(failure).line { print(line, to: &errors) }
        }
        let left = inputs.count - done - failures.count - 1
        if isStopped, left > 0 { print("varve: the last \(left) files were not read", to: &errors) }
    }
}

/// Rows were rejected, and the file for them could not be written.
struct LostRejects: Error, CustomStringConvertible {
    let failure: FileError

    var description: String {
        "the rejected rows could not be written: \(failure); name a folder for them with --rejects"
    }
}
