// DirectoryCache.swift — the points of all products that messages have named, while the directory stays as it is.
//
// Invariants:
// - When the directory's generation changes, everything is forgotten.
// - Only products with a point that was found are kept, so topics of products that do not exist cost no memory.

import VarveModel

/// Point caches by product.
struct DirectoryCache {
    /// Holds a cache that cannot be copied, so that a dictionary can hold it.
    private final class Box {
        var points: ProductPoints?
        init(_ points: consuming ProductPoints) { self.points = consume points }
    }

    /// By the bytes of the product's name: two spellings of one text are two products.
    private var boxes: [[UInt8]: Box] = [:]
    /// The points in `boxes`.
    private var pointCount = 0
    private(set) var generation: UInt64?

    /// Forgets everything if the directory may answer differently than before, or if too many points are kept.
    ///
    /// - Parameter loaded: The cache that is in use, which is emptied too.
    /// - Throws: What the directory throws.
    mutating func refresh(_ directory: any PointDirectory, loaded: inout ProductPoints) throws {
        let current = try directory.generation()
        if current != generation || pointCount + loaded.count > ProductPoints.limit {
            boxes.removeAll()
            pointCount = 0
            loaded = ProductPoints(product: "")
        }
        generation = current
    }

    /// Replaces the cache that is in use by that of another product.
    mutating func load(_ product: String, into loaded: inout ProductPoints) {
        var next: ProductPoints
        if let points = boxes.removeValue(forKey: Array(product.utf8))?.points.take() {
            pointCount -= points.count
            next = points
        } else {
            next = ProductPoints(product: product)
        }
        swap(&next, &loaded)
        guard next.count > 0 else { return }
        pointCount += next.count
        let name = Array(next.product.utf8)
        boxes[name] = Box(next)
    }
}
