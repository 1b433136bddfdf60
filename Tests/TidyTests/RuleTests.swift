// RuleTests.swift — each rule reports what breaks it, and nothing else.

import Testing

@Suite("Each rule fires")
struct RuleTests {
    private func file(_ path: String, _ text: String) -> SourceFile { SourceFile(path, text) }

    private func function(lines: Int) -> String {
        "func long() {\n" + String(repeating: "    step()\n", count: lines - 2) + "}\n"
    }

    @Test("a file of 401 lines is too long, one of 400 is not")
    func fileLength() {
        let lines = String(repeating: "let a = 1\n", count: 400)
        #expect(SizeRules.fileLength(file("Sources/M/A.swift", lines)).isEmpty)
        #expect(SizeRules.fileLength(file("Sources/M/A.swift", lines + "let b = 1\n")).count == 1)
        #expect(SizeRules.fileLength(file("Tests/M/A.swift", lines + "let b = 1\n")).isEmpty)
        #expect(SizeRules.fileLength(file("Notes.md", lines + lines)).isEmpty)
    }

    @Test("a function of 61 lines is too long, even with braces in texts and comments")
    func functionLength() {
        func check(_ text: String) -> [Int] {
            SizeRules.functionLength(file("Sources/M/A.swift", text)).map(\.line)
        }
        #expect(check(function(lines: 60)).isEmpty)
        #expect(check(function(lines: 61)) == [1])
        #expect(check("protocol P {\n    func a()\n    func b() -> Int\n}\n" + function(lines: 60)).isEmpty)
        #expect(check("// }\nlet text = \"}{{\"\n" + function(lines: 61)) == [3])
        let wrapped = "init(\n    _ a: Int = { 1 }(),\n    b: Int\n) throws\n{\n"
        #expect(check(wrapped + String(repeating: "    step()\n", count: 56) + "}\n") == [1])
        #expect(check(wrapped + String(repeating: "    step()\n", count: 54) + "}\n").isEmpty)
    }

    @Test("a folder of 15 Swift files is too full, unless an exception says so")
    func folderSize() {
        let paths = (0..<15).map { "Sources/M/File\($0).swift" }
        #expect(SizeRules.folderSize(paths).map(\.path) == ["Sources/M"])
        #expect(SizeRules.folderSize(paths, exceptions: ["Sources/M": 15]).isEmpty)
        #expect(SizeRules.folderSize(Array(paths.dropLast()) + ["Sources/M/README.md"]).isEmpty)
    }

    @Test("a module of 91 files and a package declaration too many are found")
    func surfaces() {
        let files = (0..<91).map {
            file("Sources/M/A\($0).swift", "package import B\npackage struct A\($0) {}\n")
        }
        #expect(SurfaceRules.moduleSize(files).map(\.path) == ["Sources/M"])
        #expect(SurfaceRules.moduleSize(Array(files.dropLast())).isEmpty)
        #expect(SurfaceRules.packageDeclarations(files, limit: 90).count == 1)
        #expect(SurfaceRules.packageDeclarations(files, limit: 91).isEmpty)
    }

    @Test(
        "the first line must name the file and its purpose",
        arguments: [
            "// B.swift — something else", "// A.swift", "// A.swift — ", "import M", "",
        ])
    func firstLine(_ text: String) {
        #expect(NameRules.firstLine(file("Sources/M/A.swift", text)).count == 1)
        #expect(NameRules.firstLine(file("Sources/M/A.swift", "// A.swift — what it is for\n")).isEmpty)
    }

    @Test(
        "a name that says only \"collection of things\" is refused",
        arguments: [
            "Sources/M/StringUtils.swift", "Sources/M/Helpers/A.swift", "Sources/M/SessionManager.swift",
            "Sources/Common/A.swift", "Tests/M/Array+Helper.swift".replacing("+", with: ""),
        ])
    func meaningfulName(_ path: String) {
        #expect(NameRules.meaningfulName(path).count == 1)
        #expect(NameRules.meaningfulName("Sources/M/CommonDivisor.swift").isEmpty)
    }

    @Test(
        "an agreement that is written a second time is found, and its own file, comments and help texts are not",
        arguments: [
            "let a = \"%channel%&\\(b)\"", "  x(\"/registry.sqlite\", 1)", "f(\"\", \"varve-client\")",
            "path + \"/log.sqlite\"", "\"./varve-data\"",
        ])
    func agreement(_ line: String) {
        #expect(AgreementRules.elsewhere(file("Sources/M/A.swift", line)).count == 1)
        #expect(AgreementRules.elsewhere(file("Tests/M/A.swift", line)).isEmpty)
        #expect(AgreementRules.elsewhere(file("Sources/M/A.swift", "// \(line)")).isEmpty)
        let owner = file("Sources/VarveChannel/Role.swift", "static let key = \"%channel%\"")
        #expect(AgreementRules.elsewhere(owner).isEmpty)
        let help = file("Sources/M/A.swift", "help(\"default ./varve-data\", see log.sqlite)")
        #expect(AgreementRules.elsewhere(help).isEmpty)
    }

    @Test(
        "an import against the direction is found, also with an access level",
        arguments: [
            "import VarveStorage\n", "public import VarveRegistry\n", "import CLZ4\n",
            "import struct GRDB.Row\n",
        ])
    func direction(_ text: String) {
        #expect(ImportRules.direction(file("Sources/VarveTransfer/A.swift", text)).map(\.line) == [1])
        #expect(ImportRules.direction(file("Sources/VarveTransfer/A.swift", "import VarveModel\n")).isEmpty)
        #expect(
            ImportRules.direction(file("Sources/VarveTransfer/A.swift", "// import VarveStorage\n")).isEmpty)
        #expect(ImportRules.direction(file("Sources/Unknown/A.swift", "")).count == 1)
    }

    @Test("Foundation stays out of the engine")
    func foundation() {
        for module in ["VarveModel", "VarveCodec", "VarveSegment", "VarveStorage", "VarveQuery"] {
            let text = "import FoundationEssentials\n"
            #expect(ImportRules.foundation(file("Sources/\(module)/A.swift", text)).count == 1)
        }
        #expect(ImportRules.foundation(file("Sources/varve/A.swift", "import Foundation\n")).isEmpty)
    }

    @Test("a C library has one importer: no importer is an error, and two are")
    func singleImporter() {
        let one = file("Sources/M/A.swift", "import CLZ4\n")
        let two = file("Sources/M/B.swift", "internal import CLZ4\n")
        let test = file("Tests/M/B.swift", "import CLZ4\n")
        #expect(ImportRules.singleImporter([one, test], of: "CLZ4").isEmpty)
        #expect(ImportRules.singleImporter([one, two], of: "CLZ4").count == 1)
        #expect(ImportRules.singleImporter([test], of: "CLZ4").count == 1)
    }

    @Test(
        "I/O outside VarveFile is found",
        arguments: [
            "open(path, 0)", "Glibc.rename(a, b)", "fdatasync(file)", "mkdir(path, 0o755)", "unlink(path)",
            "FileManager.default.removeItem(a)", "pwrite(file, bytes, 1, 0)", "String(contentsOf: url)",
            "let text = \"\\(read(file, buffer, 1))\"",
        ])
    func fileAccess(_ call: String) {
        let text = "import Foundation\n\(call)\n"
        #expect(CallRules.fileAccess(file("Sources/varve/A.swift", text)).map(\.line) == [2])
        #expect(CallRules.fileAccess(file("Sources/VarveFile/A.swift", text)).isEmpty)
    }

    @Test(
        "methods and functions of the tree may have the names of system calls",
        arguments: [
            "files.open(path, .read)", "func open(_ path: String) {}", "// open(path)",
            "let a = \"open(path)\"",
        ])
    func ownNames(_ code: String) {
        #expect(CallRules.fileAccess(file("Sources/varve/A.swift", "import Glibc\n\(code)\n")).isEmpty)
        #expect(CallRules.fileAccess(file("Sources/varve/A.swift", "import M\nopen(path)\n")).isEmpty)
    }

    @Test(
        "the engine must not print, ask the wall clock or wait",
        arguments: [
            "print(\"a\")", "let now = Date()", "usleep(1)", "Task.sleep(for: .seconds(1))",
        ])
    func engineCalls(_ code: String) {
        #expect(CallRules.engineCalls(file("Sources/VarveStorage/A.swift", code)).count == 1)
        #expect(CallRules.engineCalls(file("Sources/varve/A.swift", code)).isEmpty)
    }

    @Test(
        "messages of the engine must not name commands and options",
        arguments: ["\"give --all\"", "\"run `varve verify`\"", "throw Failed(\"a: use --all\")"])
    func commandWords(_ code: String) {
        #expect(CallRules.commandWords(file("Sources/VarveQuery/A.swift", code)).count == 1)
        #expect(CallRules.commandWords(file("Sources/VarveQuery/A.swift", "/// " + code)).isEmpty)
        #expect(CallRules.commandWords(file("Sources/varve/A.swift", code)).isEmpty)
    }

    @Test(
        "what ends the process is found in the sources",
        arguments: [
            "try! run()", "value as! Int", "fatalError(\"no\")",
        ])
    func traps(_ code: String) {
        #expect(CallRules.traps(file("Sources/varve/A.swift", code)).count == 1)
        #expect(CallRules.traps(file("Tests/varveTests/A.swift", code)).isEmpty)
        #expect(CallRules.traps(file("Sources/varve/A.swift", "try? run()\nvalue as? Int\n")).isEmpty)
    }

    @Test(
        "a trapping operation is found unless the page names its file",
        arguments: [
            "UInt16(place)", "Int32(a.count)", "UInt8(12)", "precondition(count > 0)",
            "preconditionFailure()",
            "pointer.unsafelyUnwrapped",
        ])
    func unlistedTraps(_ code: String) {
        let source = file("Sources/VarveStorage/Some.swift", code + "\n")
        #expect(TrapRules.unlisted(source, page: "| `Other.swift` |").map(\.line) == [1])
        #expect(TrapRules.unlisted(source, page: "| `Some.swift` |").isEmpty)
        #expect(TrapRules.unlisted(source, page: "| `So*.swift` |").isEmpty)
        #expect(TrapRules.unlisted(file("Tests/M/Some.swift", code), page: "").isEmpty)
    }

    @Test(
        "an initializer that says how a number is cut does not trap",
        arguments: [
            "UInt16(truncatingIfNeeded: a)", "Int32(clamping: a)", "UInt8(exactly: a)", "UInt8(0)", "Int(a)",
            "let a: UInt16 = b", "UInt8(ascii: \"a\")", "// UInt16(a)",
        ])
    func safeInitializers(_ code: String) {
        #expect(TrapRules.unlisted(file("Sources/VarveStorage/Some.swift", code + "\n"), page: "").isEmpty)
    }

    @Test("markers are found in any text", arguments: ["TO" + "DO", "FIX" + "ME", "XX" + "X"])
    func markers(_ marker: String) {
        #expect(TextRules.markers(file("Notes.md", "a\n(\(marker): b)\n")).map(\.line) == [2])
        #expect(TextRules.markers(file("Notes.md", "\(marker)LIST of \(marker)s\n")).isEmpty)
    }

    @Test(
        "paths of one machine are found",
        arguments: ["/wo" + "rk/a", "/ro" + "ot/a", "/opt/" + "swift-packages"])
    func machinePaths(_ path: String) {
        #expect(TextRules.machinePaths(file("Tools/run", "cd \(path)\n")).count == 1)
        #expect(TextRules.machinePaths(file("Tools/run", "cd /tmp\n")).isEmpty)
    }

    @Test("an unfinished merge is found", arguments: ["<", ">"])
    func conflicts(_ mark: String) {
        let line = String(repeating: mark, count: 7) + " main"
        #expect(TextRules.conflicts(file("README.md", "a\n\(line)\nb\n")).map(\.line) == [2])
        #expect(TextRules.conflicts(file("README.md", "a \(line)\n")).isEmpty)
    }

    @Test(
        "a citation of something outside the repository is found",
        arguments: ["DES" + "IGN", "../shared/" + "data", "../shared/" + "reference/a.md"])
    func citations(_ text: String) {
        #expect(TextRules.citations(file("Tools/run", "as \(text) has it\n")).map(\.line) == [1])
        #expect(TextRules.citations(file("Tools/run", "as the design has it: shared\n")).isEmpty)
    }

    @Test(
        "tracked build products and strays are found",
        arguments: [
            "Package.resolved", "Benchmarks/Package.resolved", ".build/debug/varve", "varve-data/lock",
            "VarveStorageTests-1.swiftdoc", "Notes/a.md",
        ])
    func trackedFile(_ path: String) {
        #expect(TextRules.trackedFile(path).count == 1)
        #expect(TextRules.trackedFile("Sources/varve/Varve.swift").isEmpty)
    }

    @Test(
        "a sentence whose test is missing or not named is found",
        arguments: ["\"another\"", "\"known\", \"another\"", "", "`Tools/attack --only another`"])
    func proofs(_ proof: String) {
        let titles = Set(ProofRules.titles(file("Tests/A.swift", "@Test(\"known\") func a() {}\n")))
        let head = "| what | shown by |\n|---|---|\n"
        let text = head + "| a | \"known\" |\n| b | `Tools/attack` |\n| c | \(proof) |\n"
        #expect(ProofRules.proofs(file("A.md", text), titles: titles).map(\.line) == [5])
        #expect(ProofRules.proofs(file("A.md", "| a | \(proof) |\n"), titles: titles).isEmpty)
    }

    @Test("a document has one title", arguments: ["text\n", "# A\n# B\n", "```\n# A\n```\n"])
    func singleTitle(_ text: String) {
        #expect(MarkdownRules.singleTitle(file("A.md", text)).count == 1)
        #expect(MarkdownRules.singleTitle(file("A.md", "# A\n## B\n```\n# comment\n```\n")).isEmpty)
    }

    @Test(
        "a link that leads nowhere is found",
        arguments: [
            "[a](B.md)", "[a](../Gone/A.md#title)", "[a]: Gone.md", "<doc:Gone>", "[a](../../../A.md)",
        ])
    func brokenLinks(_ text: String) {
        let existing: Set<String> = ["Sources/M/M.docc/A.md", "README.md"]
        let page = file("Sources/M/M.docc/M.md", "# M\n\(text)\n")
        #expect(MarkdownRules.links(page, existing: existing).map(\.line) == [2])
    }

    @Test(
        "links to files, folders, pages of the catalog, titles and the web are good",
        arguments: [
            "[a](A.md)", "[a](../../../README.md#b)", "[a](..)", "<doc:A>", "[a](#b)", "[a](https://a.b/c)",
            "`[a](B.md)`",
        ])
    func goodLinks(_ text: String) {
        let existing: Set<String> = ["Sources/M/M.docc/A.md", "README.md"]
        let page = file("Sources/M/M.docc/M.md", "# M\n\(text)\n")
        #expect(MarkdownRules.links(page, existing: existing) == [])
    }

    @Test("a dependency that is missing in the table, or only there, is found")
    func manifest() {
        let text = """
            .target(name: "A"),
            .target(
                name: "B", dependencies: ["A", .product(name: "P", package: "p.swift")], swiftSettings: s),
            .testTarget(name: "T", dependencies: ["B"]),
            """
        func check(_ table: [String: Set<String>]) -> Int {
            ManifestRules.direction(file("Package.swift", text), table: table).count
        }
        #expect(check(["A": [], "B": ["A", "P"]]) == 0)
        #expect(check(["A": [], "B": ["A"]]) == 1)
        #expect(check(["A": ["B"], "B": ["A", "P"]]) == 1)
        #expect(check(["A": []]) == 1)
        #expect(check(["A": [], "B": ["A", "P"], "C": []]) == 1)
    }
}
