// ImportKind.swift — the kinds of files to import, and their columns.

/// The kind of rows that a file to import has.
public enum ImportKind: Sendable {
    /// Models: columns `model,point,type`, and optionally `quality,unit,rule,kind,name,passThrough`; one row for each
    /// point, event and attribute.
    case models
    /// Products: columns `product,model`, and optionally
    /// `secret,format,name,duplicates,numericTexts,previousSecret,previousUntil`.
    case products
    /// Devices: columns `device,product`, and optionally `secret,asset,name,timezone,activated`.
    case devices

    /// The columns that a CSV file must have.
    var required: [String] {
        switch self {
        case .models: ["model", "point", "type"]
        case .products: ["product", "model"]
        case .devices: ["device", "product"]
        }
    }

    /// The members of a JSON object; a model also has `points`, `events` and `attributes`.
    var members: [String] {
        self == .models ? ["model", "name", "passThrough"] : columns
    }

    /// The arrays of a model in JSON, with the kind of row that each element becomes, and the element's members.
    ///
    /// The member of the kind's own name is the id.
    static let modelParts: [(name: String, kind: String, members: [String])] = [
        ("points", "point", ["point", "type", "quality", "unit", "rule"]),
        ("events", "event", ["event", "rule"]), ("attributes", "attribute", ["attribute", "rule"]),
    ]

    /// All columns.
    var columns: [String] {
        switch self {
        case .models: required + ["quality", "unit", "rule", "kind", "name", "passThrough"]
        case .products:
            required + [
                "secret", "format", "name", "duplicates", "numericTexts", "previousSecret", "previousUntil",
            ]
        case .devices: required + ["secret", "asset", "name", "timezone", "activated"]
        }
    }
}

/// The counts of an import.
public struct ImportOutcome: Hashable, Sendable {
    /// The number of new models, products or devices.
    public var created = 0
    /// The number of new points, events and attributes, in new or existing models.
    public var points = 0
    /// The number of points, events and attributes, or of devices, that were there and were changed.
    public var changed = 0
    /// The number of rows whose model and point, product or device already existed as described.
    public var unchanged = 0
    /// The rows that were not taken, in the order of the file.
    public var rejected: [RejectedImportRow] = []
    /// What the file has that Varve does not keep; each is half a sentence.
    public var notes: [String] = []
}

/// A row of a file to import that was not taken.
public struct RejectedImportRow: Hashable, Sendable {
    /// The line on which it begins, counted from 1.
    public var line: Int
    /// Why it was not taken, and what to do.
    public var reason: String
    /// Its values, in the order of the columns; an absent one is empty.
    public var fields: [String]
}

/// What an import does with what exists, and with rows that cannot be taken.
public struct ImportRules: Hashable, Sendable {
    /// Whether a row changes an existing device that differs; otherwise it is rejected.
    public var updates: Bool
    /// Whether the import goes on after a row that cannot be taken; otherwise the first one ends it and undoes all.
    public var rejects: Bool

    /// By default nothing that exists is changed, and the first wrong row undoes all.
    public init(updates: Bool = false, rejects: Bool = false) {
        self.updates = updates
        self.rejects = rejects
    }
}

extension ImportKind {
    /// The columns of the rows in `ImportOutcome.rejected`.
    public var columnNames: [String] { columns }
}
