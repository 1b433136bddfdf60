// MeasurementPoint+Spec.swift — a point in the form of the command line: `NAME:TYPE[:quality][:unit=U]`.
//
// Invariants:
// - The first part after a colon that is the name of a type is the type, so a point id may contain colons.

import VarveModel

extension MeasurementPoint {
    /// Reads a point written as `NAME:TYPE[:quality][:unit=U]`.
    ///
    /// For example `power:double:quality:unit=kW`.
    ///
    /// - Throws: `RegistryError` (`invalid`) that says which part is wrong.
    public init(spec: String) throws {
        let parts = spec.split(separator: ":", omittingEmptySubsequences: false)
        let types = ValueType.allCases.map(\.name).joined(separator: ", ")
        guard let typeIndex = parts.indices.dropFirst().first(where: { ValueType(name: parts[$0]) != nil }),
            let type = ValueType(name: parts[typeIndex])
        else {
            throw RegistryError(
                .invalid,
                "point \(RegistryNames.shown(spec)) names no type: write NAME:TYPE with one of \(types)")
        }
        self.init(id: parts[..<typeIndex].joined(separator: ":"), type: type)
        for part in parts[(typeIndex + 1)...] {
            if part == "quality", !hasQuality {
                hasQuality = true
            } else if part.hasPrefix("unit="), unit == nil {
                unit = String(part.dropFirst("unit=".count))
            } else {
                throw RegistryError(
                    .invalid,
                    "point \(RegistryNames.shown(spec)) has an unknown part \(RegistryNames.shown(String(part))): "
                        + "write NAME:TYPE[:quality][:unit=U]")
            }
        }
        try check()
    }
}
