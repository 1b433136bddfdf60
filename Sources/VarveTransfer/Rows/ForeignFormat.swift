// ForeignFormat.swift — recognizes common formats that Varve does not read, by their first bytes.
//
// Invariants:
// - No CSV file with a usable header and no NDJSON file is taken for a foreign format.

/// A format that Varve does not read, with its name and the way to convert it.
struct ForeignFormat {
    var name: String
    var remedy: String

    /// Binary formats by their first bytes.
    private static let signatures: [(bytes: [UInt8], name: String)] = [
        (Array("PAR1".utf8), "a Parquet file"),
        (Array("ARROW1".utf8), "an Arrow file"),
        (Array("FEA1".utf8), "a Feather file"),
        (Array("ORC".utf8), "an ORC file"),
        (Array("Obj\u{1}".utf8), "an Avro file"),
        ([0x50, 0x4B, 0x03, 0x04], "a zip archive (an Excel workbook .xlsx is one)"),
        ([0x50, 0x4B, 0x05, 0x06], "an empty zip archive"),
        ([0xD0, 0xCF, 0x11, 0xE0], "an old Office file (.xls)"),
        ([0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00], "packed by xz"),
        (Array("BZh".utf8), "packed by bzip2"),
        ([0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C], "packed by 7-Zip"),
        (Array("Rar!".utf8), "packed by RAR"),
        (Array("LZIP".utf8), "packed by lzip"),
        ([0x1F, 0x9D], "packed by compress"),
        ([0xFF, 0x06, 0x00, 0x00, 0x73, 0x4E], "packed by snappy"),
        (Array("SQLite format 3\0".utf8), "a SQLite database"),
        ([0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A], "an HDF5 or MATLAB 7.3 file"),
        (Array("MATLAB".utf8), "a MATLAB file"),
        (Array("CDF\u{1}".utf8), "a NetCDF file"),
        (Array("CDF\u{2}".utf8), "a NetCDF file"),
        (Array("TDSm".utf8), "a TDMS file"),
        (Array("MDF     ".utf8), "an MDF file"),
        (Array("TsFile".utf8), "a TsFile"),
        (Array("%PDF".utf8), "a PDF document"),
        (Array("EC-Lab ASCII FILE".utf8), "an EC-Lab text file (.mpt)"),
        (Array("BT-Lab ASCII FILE".utf8), "a BT-Lab text file (.mpt)"),
    ]

    /// Text formats by the beginning of their first line.
    private static let beginnings: [(text: String, name: String)] = [
        ("\"TOA5\",", "a Campbell TOA5 file with four header lines"),
        ("TOA5,", "a Campbell TOA5 file with four header lines"),
        ("\"TOB1\",", "a Campbell TOB1 file"),
        ("\"TOACI1\",", "a Campbell TOACI1 file"),
        ("100,NEM12", "a NEM12 file"),
        ("100,NEM13", "a NEM13 file"),
        ("#datatype", "annotated CSV of InfluxDB"),
        ("#group", "annotated CSV of InfluxDB"),
        ("#default", "annotated CSV of InfluxDB"),
        ("# DDL", "an export of InfluxDB in line protocol"),
        ("# DML", "an export of InfluxDB in line protocol"),
        ("# INFLUXDB EXPORT", "an export of InfluxDB in line protocol"),
        ("# HELP ", "text of Prometheus (OpenMetrics)"),
        ("# TYPE ", "text of Prometheus (OpenMetrics)"),
        ("# UNIT ", "text of Prometheus (OpenMetrics)"),
        ("{__name__=", "a dump of Prometheus (promtool tsdb dump)"),
        ("<!DOCTYPE html", "an HTML page"),
        ("<!doctype html", "an HTML page"),
        ("<html", "an HTML page"),
        ("<?xml", "an XML file"),
    ]

    /// The format of a file that begins with these bytes; nil if Varve may be able to read it.
    ///
    /// - Parameter bytes: The first 512 bytes of the file, unpacked.
    init?(firstBytes bytes: [UInt8], encoding: TextEncoding) {
        let advice = "convert it to CSV with a header device,point,time,value"
        if let known = Self.signatures.first(where: { bytes.starts(with: $0.bytes) }) {
            let isPacked = known.name.hasPrefix("packed by")
            self.init(
                name: known.name, remedy: isPacked ? "unpack it, or pack it by gzip, zstd or lz4" : advice)
            return
        }
        if bytes.count > 262, bytes[257..<262].elementsEqual("ustar".utf8) {
            self.init(name: "a tar archive", remedy: "unpack it and import the files in it")
            return
        }
        if encoding != .utf16 {
            if bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) {
                self.init(name: "UTF-16 text", remedy: "say so with --encoding utf-16")
                return
            }
            // A zero byte in a later line only causes that row to be rejected.
            if bytes.prefix(64).prefix(while: { $0 != 0x0A && $0 != 0x0D }).contains(0) {
                self.init(
                    name: "no text: its first line has zero bytes",
                    remedy: "give --encoding utf-16 if it is text, else \(advice)")
                return
            }
        }
        let text = String(decoding: bytes.drop { $0 <= 0x20 || $0 >= 0x80 }, as: UTF8.self)
        if let known = Self.beginnings.first(where: { text.hasPrefix($0.text) }) {
            self.init(name: known.name, remedy: advice)
            return
        }
        if text.lowercased().hasPrefix("sep=") {
            self.init(
                name: "a file that begins with a line \"sep=\"",
                remedy: "remove that line, and separate the columns by commas")
            return
        }
        if Self.isLineProtocol(text) {
            self.init(name: "line protocol of InfluxDB", remedy: advice)
            return
        }
        return nil
    }

    /// JSON whose rows are elements of one array.
    static let jsonArray = ForeignFormat(
        name: "a JSON array", remedy: "write one object a line (NDJSON), such as by jq -c '.[]'")

    private init(name: String, remedy: String) {
        self.name = name
        self.remedy = remedy
    }

    /// Whether the first line is `measurement[,tag=value…] field=value[,…] [time]`.
    private static func isLineProtocol(_ text: String) -> Bool {
        let line = text.prefix { !$0.isNewline }
        let parts = line.split(separator: " ")
        guard parts.count == 2 || parts.count == 3, !line.hasPrefix("{"), !line.hasPrefix("\"") else {
            return false
        }
        let tags = parts[0].split(separator: ",").dropFirst()
        let fields = parts[1].split(separator: ",")
        let isTimed = parts.count == 2 || parts[2].allSatisfy { $0.isNumber || $0 == "-" }
        return isTimed && tags.allSatisfy { $0.contains("=") } && !fields.isEmpty
            && fields.allSatisfy { $0.contains("=") && !$0.hasPrefix("=") }
    }
}
