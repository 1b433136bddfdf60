// ImportError.swift — why an import as a whole fails; a bad row is rejected and is no such error.

/// Why an import cannot be done; only whole batches before the fault were committed, if any.
public enum ImportError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The input has neither a header nor a row.
    case empty(path: String)
    /// The header is broken or too long to be one.
    case badHeader(path: String)
    /// The header lacks required columns.
    case missingColumns(path: String, names: [String], isWide: Bool, found: FoundColumns)
    /// A name in the header is not valid UTF-8.
    case headerNotUTF8(path: String)
    /// The file has a known format that Varve does not read.
    case foreignFormat(path: String, format: String, remedy: String)
    /// The rows name zones, but the caller gave no directory of zones.
    case noZones
    /// The system does not know the zone that a device is registered with.
    case badDeviceZone(device: String, zone: String)
    /// The caller's type for a point differs from the type of the registered point.
    case otherType(point: String, given: String, registered: String, model: String)
    /// The header has columns with unknown names.
    case unknownColumns(path: String, names: [String])
    /// The header has a name twice.
    case duplicateColumn(path: String, name: String)
    /// The integer times look like several units.
    case mixedTimeUnits(path: String, units: [String])
    /// The input names too many series to register.
    case tooManySeries(path: String, limit: Int)
    /// The rows declare several types for one point.
    case twoTypes(point: String, types: [String])
    /// The first lines of a file of rejected rows are not as Varve wrote them.
    case badRejects(path: String)
    /// A file of rejected rows names options that were not applied.
    case rejectsOptions(path: String)
    /// Wide rows were requested for a file that is not CSV.
    case wideNeedsCSV(path: String)
    /// A product's policy was changed while a file was imported.
    case policyChanged

    /// One line: what, where and what to do.
    public var description: String {
        switch self {
        case .empty(let path): "\(path) is empty; a CSV file begins with a header device,point,time,value"
        case .badHeader(let path):
            "\(path) has no readable header; the first line must be device,point,time,value (and quality, product, type)"
        case .missingColumns(let path, let names, let isWide, let found):
            "\(path) has no column \(Self.list(names)); the header needs "
                + (isWide ? "time,device and a column for each point" : "device,point,time,value")
                + "; \(found.description)"
        case .headerNotUTF8(let path):
            "\(path) has a header that is not UTF-8; say what it is with --encoding latin-1, windows-1252 or utf-16"
        case .foreignFormat(let path, let format, let remedy): "\(path) is \(format); \(remedy)"
        case .noZones: "no time zones are known here"
        case .badDeviceZone(let device, let zone):
            "device \(device) has the time zone \"\(zone)\", which this system does not know; give --tz"
        case .otherType(let point, let given, let registered, let model):
            "--type: point \(point) is \(registered) in model \(model), not \(given); leave out --type for it"
        case .unknownColumns(let path, let names):
            "\(path) has unknown columns \(Self.list(names)); rename them, or pass over them with "
                + "--ignore-columns, or give --wide if columns are points"
        case .duplicateColumn(let path, let name):
            "\(path) has the column \(name) twice; rename or remove one"
        case .mixedTimeUnits(let path, let units):
            "\(path) has times that are numbers and look like \(units.joined(separator: " and ")); "
                + "say which unit all of them have with --time-unit s|ms|us|ns"
        case .tooManySeries(let path, let limit):
            "\(path) names more than \(limit) series; create models and devices first "
                + "(`varve model import`, `varve device import`) and import without --register"
        case .twoTypes(let point, let types):
            "point \(point) is \(types.joined(separator: " and ")) in the column or member type; "
                + "give all its rows one type, or import the files apart and with a --product each"
        case .badRejects(let path):
            "\(path) is a file of rejected rows, and the lines before its rows are not as varve "
                + "writes them; import its source again, which writes a new file"
        case .rejectsOptions(let path):
            "\(path) is a file of rejected rows whose options are not known here; name it as a file, alone"
        case .wideNeedsCSV(let path): "\(path) is NDJSON, and --wide is for CSV; leave out --wide"
        case .policyChanged:
            "a policy was changed while a file was read; run the same command again, which takes all of the file under "
                + "the new one"
        }
    }

    /// The first few names, joined.
    private static func list(_ names: [String]) -> String {
        FoundColumns.list(names)
    }
}
