// SegmentLibrary.swift — what the readers of a store's segments share: the folder, the open files, the cache.

package struct SegmentLibrary: Sendable {
    let folder: StoreFolder
    let files: SegmentFiles
    let cache: SegmentCache

    package init(
        _ folder: StoreFolder, cacheBytes: Int = FormatLimits.cacheBytes,
        openFiles: Int = FormatLimits.openSegments
    ) {
        self.folder = folder
        files = SegmentFiles(folder, limit: openFiles)
        cache = SegmentCache(byteLimit: cacheBytes)
    }

    /// Whether another file can be kept open without closing one.
    package var hasRoom: Bool { files.hasRoom }
}
