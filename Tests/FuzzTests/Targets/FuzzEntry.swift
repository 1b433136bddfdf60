// FuzzEntry.swift — the functions that libFuzzer calls.
//
// VARVE_FUZZ_TARGET names the target. VARVE_FUZZ_SEEDS names a folder for its seeds, which are written before
// the run.

import Glibc
import VarveFile

/// The target of this process.
private let target: FuzzTarget = {
    let name = getenv("VARVE_FUZZ_TARGET").map { String(cString: $0) } ?? ""
    guard let found = FuzzTarget.all.first(where: { $0.name == name }) else {
        fatalError("VARVE_FUZZ_TARGET is one of \(FuzzTarget.all.map(\.name).joined(separator: " "))")
    }
    return found
}()

/// Writes the target's seeds, if a folder is named.
@_cdecl("LLVMFuzzerInitialize")
public func fuzzerInitialize(
    _ count: UnsafeMutablePointer<Int32>?,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>?
) -> Int32 {
    guard let folder = getenv("VARVE_FUZZ_SEEDS").map({ String(cString: $0) }) else { return 0 }
    for (index, seed) in target.seeds().enumerated() {
        do {
            try POSIXFileSystem().replace("\(folder)/seed-\(index)", seed)
        } catch {
            fatalError("\(error)")
        }
    }
    return 0
}

/// Runs one input.
///
/// A broken promise ends the process with a sentence.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
    if let failure = target.run(UnsafeRawBufferPointer(start: bytes, count: count)) {
        fatalError("\(target.name): \(failure)")
    }
    return 0
}
