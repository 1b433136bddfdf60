// VerifyCommand.swift — `varve verify`: checks that every byte is what was written.

import ArgumentParser
import VarveFile
import VarveRegistry
import VarveSegment
import VarveStorage
import VarveText

struct VerifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Check every checksum and invariant of the data directory.",
        discussion: """
            Exit 0: all is well; 1: damage, listed with file and offset. With --deep every block is decoded and \
            compared with its statistics too.

            Example:
              varve verify --deep
            """)

    @OptionGroup var data: DataOptions
    @Flag(help: "Decode everything too.") var deep = false
    @Flag(help: "Print one JSON object.") var json = false

    func run() throws {
        var unchecked: String?
        var report = try Store.verify(data.path, deep: deep)
        do {
            let registry = try data.openRegistry(to: .read)
            try registry.verifySeal()
            if report.damage.isEmpty, try Store.exists(data.path) {
                report.notes += try TypeComparison.notes(data.openStore(to: .read).snapshot(), registry)
            }
        } catch let error as RegistryError where isNotMadeYet(error, report) {
            report.notes.append("\(DirectoryNames.registry): not made yet; the next import makes it")
        } catch let error as RegistryError where error.code == .unavailable {
            unchecked = "\(error)"
        } catch {
            report.damage.append(Damage(file: DirectoryNames.registry, offset: 0, reason: "\(error)"))
        }
        if json {
            print(object(report).line())
        } else {
            for damage in report.damage { print(printable("\(damage)")) }
            for note in report.notes { print(printable("note: \(note)")) }
            let extent = "\(ImportSummary.grouped(report.bytes)) bytes in \(report.files) files, "
            let places = report.damage.count == 1 ? "1 place" : "\(report.damage.count) places"
            let samples = "\(ImportSummary.grouped(report.samples)) stored samples"
            print(
                report.damage.isEmpty ? "ok: \(extent)\(samples)" : "damaged in \(places)")
        }
        if !report.damage.isEmpty { throw ExitCode.failure }
        if let unchecked { throw RegistryUnchecked(reason: unchecked) }
    }

    /// Whether the registry is missing because the first import was interrupted.
    ///
    /// An import makes the registry before its first commit, so a store with samples has one.
    private func isNotMadeYet(_ error: RegistryError, _ report: VerificationReport) -> Bool {
        report.samples == 0 && (error.code == .notFound || error.code == .unavailable)
    }

    private func object(_ report: VerificationReport) -> JSONText {
        let damage = report.damage.map { damage in
            JSONText.object([
                ("file", .string(damage.file)), ("offset", .integer(Int64(damage.offset))),
                ("reason", .string(damage.reason)),
            ])
        }
        return .object([
            ("ok", .bool(report.damage.isEmpty)), ("files", .integer(Int64(report.files))),
            ("bytes", .integer(Int64(report.bytes))), ("samples", .integer(Int64(report.samples))),
            ("damage", .array(damage)), ("notes", .array(report.notes.map(JSONText.string))),
        ])
    }
}

/// The registry could not be opened, which says nothing about its contents.
private struct RegistryUnchecked: Error, CustomStringConvertible {
    let reason: String
    var description: String { "the registry could not be checked: \(reason)" }
}
