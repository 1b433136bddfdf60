// PointTable.swift — the points of one product by device and point name, remembered between messages.
//
// A point has a dense number, its slot, so that a message finds the rows of a series without hashing it again.
//
// Invariants:
// - Only what the directory said exists is remembered; what it does not know is asked for each time.
// - A change of the directory's generation empties the tables (see PointTables).

import VarveModel

/// Why a point has no slot.
enum UnknownName {
    case product
    case device
    case point
}

/// The points of one product.
final class PointTable {
    private let product: String
    private let directory: any PointDirectory
    private var deviceNames = NameTable()
    private var pointNames = NameTable()
    /// For each device the slot + 1 of each point by its number; 0: not known yet.
    private var slots: [[Int32]] = []
    private(set) var points: [RegisteredPoint] = []

    init(product: String, directory: any PointDirectory) {
        self.product = product
        self.directory = directory
    }

    /// Bytes that names take, about.
    var byteCount: Int { deviceNames.byteCount + pointNames.byteCount + points.count * 200 }

    /// The number of a device that is known already.
    func device(_ name: UnsafeRawBufferPointer) -> Int? { deviceNames.find(name) }

    /// Whether the directory has a device; asked for a message that names no point of it.
    func hasDevice(_ name: UnsafeRawBufferPointer) throws -> Bool {
        if deviceNames.find(name) != nil { return true }
        switch try directory.lookUp(product: product, device: Self.text(name), point: "") {
        case .found, .unknownPoint: return true
        case .unknownProduct, .unknownDevice, .ambiguousDevice: return false
        }
    }

    /// The slot of a point, asked of the directory where it is not remembered.
    ///
    /// - Parameter known: The number of the device, if it is known; set when it becomes known.
    func slot(
        _ device: UnsafeRawBufferPointer, _ known: inout Int?, _ point: UnsafeRawBufferPointer
    ) throws -> Result<Int, Unknown> {
        let number = pointNames.find(point)
        if let known, let number, number < slots[known].count, slots[known][number] > 0 {
            return .success(Int(slots[known][number]) - 1)
        }
        let answer = try directory.lookUp(
            product: product, device: Self.text(device), point: Self.text(point))
        switch answer {
        case .found(let registered):
            let row = known ?? deviceNames.add(device)
            if row == slots.count { slots.append([]) }
            known = row
            let column = number ?? pointNames.add(point)
            while slots[row].count <= column { slots[row].append(0) }
            points.append(registered)
            slots[row][column] = Int32(points.count)
            return .success(points.count - 1)
        case .unknownProduct: return .failure(Unknown(.product))
        case .unknownDevice, .ambiguousDevice: return .failure(Unknown(.device))
        case .unknownPoint: return .failure(Unknown(.point))
        }
    }

    /// What the directory does not have.
    struct Unknown: Error {
        var name: UnknownName

        init(_ name: UnknownName) { self.name = name }
    }

    private static func text(_ name: UnsafeRawBufferPointer) -> String {
        String(decoding: name, as: UTF8.self)
    }
}

/// The tables of all products.
final class PointTables {
    private let directory: any PointDirectory
    private var products: [String: PointTable] = [:]
    private var generation: UInt64?

    /// Bytes of remembered names beyond which everything is forgotten and asked for anew.
    private static let byteLimit = 256 << 20

    init(_ directory: any PointDirectory) { self.directory = directory }

    /// Forgets what may no longer be true; called before each group of messages.
    func refresh() throws {
        let current = try directory.generation()
        if current != generation || products.values.reduce(0, { $0 + $1.byteCount }) > Self.byteLimit {
            products.removeAll()
        }
        generation = current
    }

    func table(of product: String) -> PointTable {
        if let table = products[product] { return table }
        let table = PointTable(product: product, directory: directory)
        products[product] = table
        return table
    }
}
