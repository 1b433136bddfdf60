// Repository.swift — the files of this repository, read once.

import Foundation

enum Repository {
    /// The root folder, found from the place of this file.
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    /// Every text file that belongs to the repository.
    static let files: [SourceFile] = {
        paths.sorted().compactMap { path in
            guard let text = try? String(contentsOf: root.appending(path: path), encoding: .utf8) else {
                return nil
            }
            return SourceFile(path, text)
        }
    }()

    static var swiftFiles: [SourceFile] { files.filter(\.isSwift) }

    /// The path of every file, whether or not it is a text.
    static let paths: Set<String> = {
        if let tracked = git(["ls-files", "--cached", "--others", "--exclude-standard"]) {
            return Set(tracked.filter { FileManager.default.fileExists(atPath: root.path + "/" + $0) })
        }
        return walked()
    }()

    /// The paths that git tracks; nil without git.
    static let trackedPaths: [String]? = git(["ls-files", "--cached"])

    /// The files in the folder, except build products and data, for a copy without git.
    private static func walked() -> Set<String> {
        let keys: [URLResourceKey] = [.isRegularFileKey]
        guard let walk = FileManager.default.enumerator(at: root, includingPropertiesForKeys: keys) else {
            return []
        }
        var found: Set<String> = []
        for case let url as URL in walk {
            let name = url.lastPathComponent
            if name.hasPrefix(".build") || name.hasPrefix("varve-data") || name == ".git" {
                walk.skipDescendants()
            } else if (try? url.resourceValues(forKeys: Set(keys)))?.isRegularFile == true {
                found.insert(String(url.path.dropFirst(root.path.count + 1)))
            }
        }
        return found
    }

    private static func git(_ arguments: [String]) -> [String]? {
        guard FileManager.default.fileExists(atPath: root.path + "/.git") else { return nil }
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["git", "-C", root.path] + arguments
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        guard (try? process.run()) != nil else { return nil }
        let bytes = (try? output.fileHandleForReading.readToEnd()) ?? Data()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { return nil }
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
    }
}
