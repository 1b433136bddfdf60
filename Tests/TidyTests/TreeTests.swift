// TreeTests.swift — the rules, applied to this repository.

import Testing

@Suite("The repository keeps its rules")
struct TreeTests {
    /// Folders that may hold more than 14 Swift files: the number, and the reason in a comment.
    private static let largeFolders: [String: Int] = [:]

    private static func expectNone(_ violations: [Violation], _ location: SourceLocation = #_sourceLocation) {
        for violation in violations {
            Issue.record(Comment(rawValue: violation.description), sourceLocation: location)
        }
    }

    @Test("the tree is found, and it is not empty")
    func treeIsFound() {
        #expect(Repository.swiftFiles.count > 100)
        #expect(Repository.paths.contains("Package.swift"))
        #expect(Repository.files.contains { $0.path == "README.md" })
    }

    @Test("files, functions and folders are small")
    func sizes() {
        Self.expectNone(Repository.swiftFiles.flatMap(SizeRules.fileLength))
        Self.expectNone(Repository.swiftFiles.flatMap { SizeRules.functionLength($0) })
        Self.expectNone(SizeRules.folderSize(Array(Repository.paths), exceptions: Self.largeFolders))
    }

    @Test("modules have at most 90 files, and at most 500 package declarations together")
    func surfaces() {
        Self.expectNone(SurfaceRules.moduleSize(Repository.swiftFiles))
        Self.expectNone(SurfaceRules.packageDeclarations(Repository.swiftFiles))
    }

    @Test("files are named after what they hold and say so first")
    func names() {
        Self.expectNone(Repository.swiftFiles.flatMap(NameRules.firstLine))
        Self.expectNone(Repository.paths.sorted().flatMap(NameRules.meaningfulName))
    }

    @Test("documented parameters are there")
    func parameters() {
        Self.expectNone(Repository.swiftFiles.flatMap(ParameterRules.stale))
    }

    @Test("modules import what the table allows")
    func imports() {
        Self.expectNone(Repository.swiftFiles.flatMap(ImportRules.direction))
        Self.expectNone(Repository.swiftFiles.flatMap(ImportRules.foundation))
        for library in [
            "CLZ4", "CXXHash", "CZlib", "CZstd", "CCrypto", "CCertificate", "CMosquitto", "CMosquittoBroker",
            "CJavaScriptCore", "CConfinement",
        ] {
            Self.expectNone(ImportRules.singleImporter(Repository.swiftFiles, of: library))
        }
    }

    @Test("what modules have agreed on is written once")
    func agreements() {
        for agreement in AgreementRules.agreements {
            #expect(Repository.paths.contains(agreement.file), "\(agreement.text) has lost its place")
        }
        Self.expectNone(Repository.swiftFiles.flatMap(AgreementRules.elsewhere))
    }

    @Test("the manifest declares the table's dependencies")
    func manifest() throws {
        let manifest = try #require(Repository.files.first { $0.path == "Package.swift" })
        Self.expectNone(ManifestRules.direction(manifest, table: ImportRules.direction))
    }

    @Test(
        "files are touched in VarveFile only; the engine neither prints, waits nor names commands; nothing traps on purpose"
    )
    func calls() {
        Self.expectNone(Repository.swiftFiles.flatMap(CallRules.fileAccess))
        Self.expectNone(Repository.swiftFiles.flatMap(CallRules.engineCalls))
        Self.expectNone(Repository.swiftFiles.flatMap(CallRules.commandWords))
        Self.expectNone(Repository.swiftFiles.flatMap(CallRules.traps))
    }

    @Test("the page of trapping operations names every file that has one")
    func traps() throws {
        let page = try #require(Repository.files.first { $0.path == TrapRules.page })
        Self.expectNone(Repository.swiftFiles.flatMap { TrapRules.unlisted($0, page: page.text) })
    }

    @Test("no text holds a marker of unfinished work, a path of one machine or an unfinished merge")
    func texts() {
        Self.expectNone(Repository.files.flatMap(TextRules.markers))
        Self.expectNone(Repository.files.flatMap(TextRules.machinePaths))
        Self.expectNone(Repository.files.flatMap(TextRules.conflicts))
    }

    @Test("no prose has a phrase at which readers stumbled")
    func phrases() {
        Self.expectNone(Repository.files.flatMap(PhraseRules.phrases))
    }

    @Test("no text cites anything outside the repository")
    func citations() {
        Self.expectNone(Repository.files.flatMap(TextRules.citations))
    }

    @Test("the page of the sources names every target in order, and its paths exist")
    func map() throws {
        let page = try #require(Repository.files.first { $0.path == MapRules.sources })
        let manifest = try #require(Repository.files.first { $0.path == "Package.swift" })
        Self.expectNone(MapRules.targets(page, manifest: manifest))
        Self.expectNone(MapRules.paths(page, existing: Repository.paths))
    }

    @Test("the table of the tools is complete")
    func tools() throws {
        let page = try #require(Repository.files.first { $0.path == MapRules.tools })
        Self.expectNone(MapRules.tools(page, existing: Repository.paths))
    }

    @Test("the page of commands names every variable that the programs read")
    func variables() throws {
        let page = try #require(Repository.files.first { $0.path == MapRules.commands })
        Self.expectNone(MapRules.variables(page, sources: Repository.swiftFiles))
    }

    @Test("the README has at most 150 lines")
    func frontPage() throws {
        let page = try #require(Repository.files.first { $0.path == "README.md" })
        #expect(page.lines.count <= 151)
    }

    @Test("documents have one title, links that lead somewhere and short lines")
    func documents() {
        Self.expectNone(Repository.files.flatMap(MarkdownRules.singleTitle))
        Self.expectNone(Repository.files.flatMap(MarkdownRules.lineLength))
        Self.expectNone(
            Repository.files.flatMap { MarkdownRules.links($0, existing: Repository.paths) })
    }

    @Test("every test that a document cites as a proof exists")
    func proofs() {
        let tests = Repository.swiftFiles.filter { $0.path.hasPrefix("Tests/") }
        let titles = Set(tests.flatMap(ProofRules.titles))
        Self.expectNone(Repository.files.flatMap { ProofRules.proofs($0, titles: titles) })
    }

    @Test("git keeps no build products", .enabled(if: Repository.trackedPaths != nil))
    func tracked() {
        Self.expectNone((Repository.trackedPaths ?? []).flatMap(TextRules.trackedFile))
    }
}
