// ItemReader+NewNames.swift — points, events and attributes that a pass-through model does not declare: the first value
// declares them.
//
// All new names of an item are declared in one transaction of the directory, because each one costs a sync of the disk.
//
// Invariants:
// - A policy holds for the first value of a new name too.
// - A model that can take no more names is asked for none until the registry changes.
// - A new point gets the type of its first value: a number is `double`, true and false are `bool`, a text is `string`,
//   an array or object is `json`. What is in `{"value":…,"quality":…}` counts for the pair.
// - Null has no type: the reading is left out.

import VarveModel
import VarveText

extension ItemReader {
    /// What became of a name that the model lacks.
    enum Declaration {
        /// What the directory says of it now.
        case declared(PointLookup, RegisteredPoint)
        /// Its first value is null: there is nothing to store.
        case withoutType
        /// The model cannot take it, or a policy does not fit its type, for this reason.
        case unfit(String)
        /// The model does not take it.
        case refused
    }

    /// The most names that are declared at once.
    private static let maximumNewNames = 1000

    /// Declares a name, and the names that follow it in the item, if the product's model takes undeclared ones.
    ///
    /// - Parameter scanner: At the value of the name.
    /// - Throws: What the directory throws.
    mutating func declare(
        _ name: String, _ scanner: JSONScanner, _ item: Item, device: String
    ) throws -> Declaration {
        guard points.settings?.isPassThrough == true,
            form.prefix != nil || ReservedPoint(name: name) == nil
        else { return .refused }
        guard let type = newType(scanner) else { return .withoutType }
        let first = Registration.Point(product: points.product, point: name, type: type)
        let declined = try directory.declare([first] + followers(scanner))
        // Nothing may be asked again for each of these: a transaction for each would hold up all products.
        declinedNames.merge(declined.reasons) { first, _ in first }
        if declined.isClosed { points.settings?.isPassThrough = false }
        if let reason = declined.reasons[Name(name)] { return .unfit(reason) }
        let answer = try ask(name, device, item)
        switch answer {
        case .found(let point), .notStored(let point): return .declared(answer, point)
        case .unfit(_, let reason): return .unfit(reason)
        default: return .refused
        }
    }

    /// The names after the one whose value the scanner is at, each with its type.
    private func followers(_ scanner: JSONScanner) -> [Registration.Point] {
        var scanner = scanner
        var found: [Registration.Point] = []
        do throws(JSONFailure) {
            try scanner.skipValue(depth: 4)
            while try scanner.nextMember(), found.count < Self.maximumNewNames - 1 {
                let token = try scanner.memberName()
                let name = (form.prefix ?? "") + String(decoding: scanner.text(of: token), as: UTF8.self)
                if let type = newType(scanner), form.prefix != nil || ReservedPoint(name: name) == nil {
                    found.append(.init(product: points.product, point: name, type: type))
                }
                try scanner.skipValue(depth: 4)
            }
        } catch {
            // The reading of the item finds the same fault, and reports it.
        }
        return found
    }

    /// The type that the value at the scanner gives a new point; nil for null.
    private func newType(_ scanner: JSONScanner) -> ValueType? {
        guard form.prefix == nil else { return .json }
        switch scanner.current {
        case UInt8(ascii: "\""): return .string
        case UInt8(ascii: "t"), UInt8(ascii: "f"): return .bool
        case UInt8(ascii: "["): return .json
        case UInt8(ascii: "{"): return typeOfPair(scanner)
        case UInt8(ascii: "n"): return nil
        default: return .double
        }
    }

    /// The type of the value in a pair of value and quality; `json` for any other object.
    private func typeOfPair(_ scanner: JSONScanner) -> ValueType? {
        var scanner = scanner
        var value: JSONScanner?
        var hasQuality = false
        do throws(JSONFailure) {
            var hasMember = try scanner.enterObject()
            while hasMember {
                let name = String(decoding: scanner.text(of: try scanner.memberName()), as: UTF8.self)
                switch name {
                case "value": value = scanner
                case "quality": hasQuality = scanner.current != UInt8(ascii: "\"")
                default: return .json
                }
                try scanner.skipValue(depth: 5)
                hasMember = try scanner.nextMember()
            }
        } catch {
            return .json
        }
        guard let value, hasQuality else { return .json }
        return value.current == UInt8(ascii: "{") ? .json : newType(value)
    }
}
