// SegmentLibrary.swift — what the readers of a store's segments share: the disk, the open files, the cache.

package import VarveFile

package struct SegmentLibrary: Sendable {
    package let fileSystem: any FileSystem
    package let directory: DataDirectory
    package let files: SegmentFiles
    package let cache: SegmentCache

    package init(
        _ files: any FileSystem, _ directory: DataDirectory, cacheBytes: Int = Limits.cacheBytes,
        openFiles: Int = Limits.openSegments
    ) {
        fileSystem = files
        self.directory = directory
        self.files = SegmentFiles(files, directory, limit: openFiles)
        cache = SegmentCache(byteLimit: cacheBytes)
    }
}
