// ImportKind.swift — the kinds of files to import, and their columns.

/// The kind of rows that a file to import has.
public enum ImportKind: Sendable {
    /// Models: columns `model,point,type`, and optionally `quality,unit,name`; one row for each point.
    case models
    /// Products: columns `product,model`, and optionally `secret,format,name,duplicates`.
    case products
    /// Devices: columns `device,product`, and optionally `secret,asset,name,timezone`.
    case devices

    /// The columns that a CSV file must have.
    var required: [String] {
        switch self {
        case .models: ["model", "point", "type"]
        case .products: ["product", "model"]
        case .devices: ["device", "product"]
        }
    }

    /// The members of a JSON object; a model also has `points`.
    var members: [String] {
        self == .models ? ["model", "name"] : columns
    }

    /// The members of an object in `points`.
    static let pointMembers = ["point", "type", "quality", "unit"]

    /// All columns.
    var columns: [String] {
        switch self {
        case .models: required + ["quality", "unit", "name"]
        case .products: required + ["secret", "format", "name", "duplicates"]
        case .devices: required + ["secret", "asset", "name", "timezone"]
        }
    }
}

/// The counts of an import.
public struct ImportOutcome: Hashable, Sendable {
    /// The number of new models, products or devices.
    public var created = 0
    /// The number of new points, in new or existing models.
    public var points = 0
    /// The number of rows whose model and point, product or device already existed as described.
    public var unchanged = 0
}
