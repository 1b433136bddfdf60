// ImportKind.swift — what can be imported, and the columns it has.

/// What a file to import describes.
public enum ImportKind: Sendable {
    /// Columns `model,point,type`, and optionally `quality,unit,name`; a row for each point.
    case models
    /// Columns `product,model`, and optionally `secret,format,name,duplicates`.
    case products
    /// Columns `device,product`, and optionally `secret,asset,name,timezone`.
    case devices

    /// The columns a CSV file must have.
    var required: [String] {
        switch self {
        case .models: ["model", "point", "type"]
        case .products: ["product", "model"]
        case .devices: ["device", "product"]
        }
    }

    /// The members of a JSON object; a model has `points` besides.
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

/// What an import did.
public struct ImportOutcome: Hashable, Sendable {
    /// Models, products or devices that are new.
    public var created = 0
    /// Points that are new, in new or existing models.
    public var points = 0
    /// Rows whose model and point, product or device was there already, as described.
    public var unchanged = 0
}
