// ScriptEngine.swift — JavaScriptCore: loads a script, finds its functions, calls them, and reads what they give.
//
// Invariants:
// - Nothing that a script did in one call changes how this file works in the next: it uses the C interface, which looks
//   up no global name, and what it kept from before the script. Prototypes are compared with the first ones. What a
//   value itself defines (`message`, `toString`, `toJSON`, an index) is read with its exceptions caught.
// - Functions are looked up once, after the script has run. Values are used only as long as they are on the stack, where
//   the collector sees them, apart from the functions, which are protected.

import CJavaScriptCore
import Glibc
import VarveScript

/// The JavaScript engine with one script.
final class ScriptEngine {
    private typealias Outcome = Result<[UInt8], ScriptFailure>

    /// A function of the script.
    private struct Function {
        var value: JSObjectRef
        /// Whether it has the second of its names, and so returns or takes an object instead of a text.
        var takesObject: Bool
    }

    private let group: JSContextGroupRef?
    private let context: JSGlobalContextRef?
    private var functions: [ScriptFunction: Function] = [:]
    /// The prototypes of the engine's own errors as they are before the script, by the names of the errors.
    private let errorPrototypes: [(name: String, prototype: JSValueRef?)]
    private let promisePrototype: JSValueRef?
    private let hasOwnProperty: JSValueRef?
    /// The values 0 to 255, which the engine does not have to keep.
    private let bytes: [JSValueRef?]

    private static let errorNames = [
        "Error", "TypeError", "RangeError", "ReferenceError", "SyntaxError", "EvalError", "URIError",
    ]

    /// The most characters of an exception that are looked at.
    private static let messageCharacters = 1000

    /// Sets what the engine reads from the environment; called first of all.
    static func prepareProcess() {
        // Without compiled code no memory needs to be executable, and the process can be denied it.
        setenv("JSC_useJIT", "0", 1)
        setenv("JSC_useWasm", "0", 1)
        setenv("TZ", "UTC", 1)
    }

    /// Starts the engine, and has it open and start everything that it needs later.
    init() {
        group = JSContextGroupCreate()
        Self.warmUp(group)
        context = JSGlobalContextCreateInGroup(group, nil)
        errorPrototypes = Self.errorNames.map { [context] in ($0, Self.kept("\($0).prototype", context)) }
        promisePrototype = Self.kept("Promise.prototype", context)
        hasOwnProperty = Self.kept("Object.prototype.hasOwnProperty", context)
        bytes = (0..<256).map { [context] in JSValueMakeNumber(context, Double($0)) }
    }

    /// Runs the script, and finds its functions.
    ///
    /// - Returns: Why it cannot be used; nil if it can.
    func load(_ script: [UInt8]) -> ScriptFailure? {
        guard let text = String(validating: script, as: UTF8.self) else {
            return ScriptFailure(.syntax, "the text is not UTF-8")
        }
        let source = Self.string(text)
        defer { JSStringRelease(source) }
        var exception: JSValueRef?
        guard JSCheckScriptSyntax(context, source, nil, 1, &exception) else {
            return failure(.syntax, exception)
        }
        exception = nil
        _ = JSEvaluateScript(context, source, nil, nil, 1, &exception)
        if let exception { return failure(.threw, exception) }
        for function in ScriptFunction.allCases {
            for (index, name) in function.names.enumerated() where functions[function] == nil {
                // A name declared by `const` or `let` is no property of the global object.
                let found = Self.evaluate("typeof \(name) === 'function' ? \(name) : undefined", context)
                guard let value = found, JSValueIsObject(context, value) else { continue }
                JSValueProtect(context, value)
                functions[function] = Function(value: value, takesObject: index > 0)
            }
        }
        return functions[.decode] == nil ? Self.missing(.decode) : nil
    }

    /// Calls a function for one payload.
    func call(
        _ kind: ScriptFunction, _ payload: [UInt8], resultLimit: Int
    ) -> Result<[UInt8], ScriptFailure> {
        guard let function = functions[kind] else { return .failure(Self.missing(kind)) }
        var exception: JSValueRef?
        let argument: JSValueRef?
        switch kind {
        case .decode: argument = array(payload)
        case .encode:
            let text = Self.string(String(decoding: payload, as: UTF8.self))
            defer { JSStringRelease(text) }
            if function.takesObject {
                argument = JSValueMakeFromJSONString(context, text)
                if argument == nil {
                    return .failure(ScriptFailure(.notJSON, "what is to be encoded is not JSON"))
                }
            } else {
                argument = JSValueMakeString(context, text)
            }
        }
        let arguments = [argument]
        let value = JSObjectCallAsFunction(context, function.value, nil, 1, arguments, &exception)
        guard exception == nil, let value else { return .failure(failure(.threw, exception)) }
        return kind == .decode ? text(of: value, limit: resultLimit) : bytes(of: value, limit: resultLimit)
    }

    private static func missing(_ function: ScriptFunction) -> ScriptFailure {
        ScriptFailure(.noFunction, "the script has no function \(function.names.joined(separator: " or "))")
    }

    /// A plain array of the bytes as numbers from 0 to 255.
    private func array(_ payload: [UInt8]) -> JSValueRef? {
        let values = payload.map { bytes[Int($0)] }
        return JSObjectMakeArray(context, values.count, values, nil)
    }
}

// What a function returned.
extension ScriptEngine {
    /// The JSON of what decoding returned.
    private func text(of value: JSValueRef, limit: Int) -> Outcome {
        var exception: JSValueRef?
        if JSValueIsString(context, value) {
            return utf8(JSValueToStringCopy(context, value, &exception), limit: limit)
        }
        guard JSValueIsObject(context, value) else {
            return wrong("it returned \(describe(value)) instead of a text of JSON or an object")
        }
        if JSObjectGetPrototype(context, value) == promisePrototype {
            return wrong("it returned a promise: the function must not be async")
        }
        let json = JSValueCreateJSONString(context, value, 0, &exception)
        if let exception { return .failure(failure(.threw, exception)) }
        guard let json else { return wrong("it returned something that has no JSON, such as a function") }
        return utf8(json, limit: limit)
    }

    /// The bytes of what encoding returned.
    private func bytes(of value: JSValueRef, limit: Int) -> Outcome {
        var exception: JSValueRef?
        let kind = JSValueGetTypedArrayType(context, value, &exception)
        let object = value
        let count: Double
        if kind != kJSTypedArrayTypeNone, kind != kJSTypedArrayTypeArrayBuffer {
            count = Double(JSObjectGetTypedArrayLength(context, object, &exception))
        } else if JSValueIsArray(context, value) {
            count = number(property("length", of: object)) ?? .infinity
        } else {
            return wrong("it returned \(describe(value)) instead of an array of bytes")
        }
        guard (0...Double(limit)).contains(count) else { return tooLarge(limit) }
        var result: [UInt8] = []
        result.reserveCapacity(Int(count))
        for index in 0..<UInt32(clamping: Int(count)) {
            exception = nil
            let element = JSObjectGetPropertyAtIndex(context, object, index, &exception)
            if let exception { return .failure(failure(.threw, exception)) }
            // A byte may be written with or without a sign.
            guard let number = number(element), let byte = Int16(exactly: number), -128...255 ~= byte else {
                return wrong("element \(index) of the array is no byte, which is a number from -128 to 255")
            }
            result.append(UInt8(truncatingIfNeeded: byte))
        }
        return .success(result)
    }

    /// The UTF-8 form of a string, which is released; half of a surrogate pair becomes a replacement character.
    private func utf8(_ string: JSStringRef?, limit: Int) -> Outcome {
        guard let string else { return wrong("its result cannot be read") }
        defer { JSStringRelease(string) }
        guard JSStringGetLength(string) <= limit else { return tooLarge(limit) }
        let text = Self.utf8(string, characters: limit)
        return text.count <= limit ? .success(text) : tooLarge(limit)
    }

    private func tooLarge(_ limit: Int) -> Outcome {
        .failure(ScriptFailure(.tooLarge, "the script's result is above the limit of \(limit) bytes"))
    }

    private func wrong(_ text: String) -> Outcome { .failure(ScriptFailure(.wrongResult, text)) }

    private func number(_ value: JSValueRef?) -> Double? {
        guard let value, JSValueIsNumber(context, value) else { return nil }
        return JSValueToNumber(context, value, nil)
    }

    private func property(_ name: String, of object: JSObjectRef?) -> JSValueRef? {
        let name = Self.string(name)
        defer { JSStringRelease(name) }
        var exception: JSValueRef?
        let value = JSObjectGetProperty(context, object, name, &exception)
        return exception == nil ? value : nil
    }

    private func describe(_ value: JSValueRef) -> String {
        switch JSValueGetType(context, value) {
        case kJSTypeUndefined: "nothing"
        case kJSTypeNull: "null"
        case kJSTypeBoolean: "a boolean"
        case kJSTypeNumber: "a number"
        case kJSTypeString: "a text"
        case kJSTypeSymbol: "a symbol"
        case kJSTypeBigInt: "a BigInt"
        default: "an object"
        }
    }
}

// Exceptions and strings.
extension ScriptEngine {
    /// Describes an exception: its text and, for an error of the engine, its line.
    private func failure(_ category: ScriptFailure.Category, _ exception: JSValueRef?) -> ScriptFailure {
        guard let exception else { return ScriptFailure(category, "the engine gave no reason") }
        guard JSValueIsObject(context, exception), let kind = errorKind(of: exception) else {
            return ScriptFailure(category, text(ofThrown: exception))
        }
        let line = number(ownProperty("line", of: exception)).flatMap { Int(exactly: $0) }
        var text: String
        if kind.isDirect {
            text = ownText("name", of: exception) ?? kind.name
            if let message = ownText("message", of: exception), !message.isEmpty { text += ": " + message }
        } else {
            text = self.text(ofThrown: exception)
        }
        return ScriptFailure(category, text, line: line.flatMap { 1...Int(Int32.max) ~= $0 ? $0 : nil })
    }

    /// The engine's own error whose prototype is in the chain of a value; nil if the value is no error.
    ///
    /// `isDirect` is false for an error of a class of the script.
    private func errorKind(of value: JSValueRef) -> (name: String, isDirect: Bool)? {
        var prototype = JSObjectGetPrototype(context, value)
        for depth in 0..<20 {
            guard let current = prototype, JSValueIsObject(context, current) else { return nil }
            if let found = errorPrototypes.first(where: { $0.prototype == current }) {
                return (found.name, depth == 0)
            }
            prototype = JSObjectGetPrototype(context, current)
        }
        return nil
    }

    /// The text that the script gives to a value.
    private func text(ofThrown value: JSValueRef) -> String {
        var exception: JSValueRef?
        guard let string = JSValueToStringCopy(context, value, &exception) else {
            return "an error whose text cannot be read"
        }
        defer { JSStringRelease(string) }
        return String(decoding: Self.utf8(string, characters: Self.messageCharacters), as: UTF8.self)
    }

    /// A property that the object itself has; nil if it has none, or reading it throws.
    private func ownProperty(_ name: String, of object: JSValueRef) -> JSValueRef? {
        let string = Self.string(name)
        defer { JSStringRelease(string) }
        var exception: JSValueRef?
        let arguments = [JSValueMakeString(context, string)]
        let isOwn = JSObjectCallAsFunction(context, hasOwnProperty, object, 1, arguments, &exception)
        guard exception == nil, let isOwn, JSValueToBoolean(context, isOwn) else { return nil }
        return property(name, of: object)
    }

    private func ownText(_ name: String, of object: JSValueRef) -> String? {
        guard let value = ownProperty(name, of: object), JSValueIsString(context, value) else { return nil }
        return text(ofThrown: value)
    }

    private static func string(_ text: String) -> JSStringRef? {
        let units = Array(text.utf16)
        return JSStringCreateWithCharacters(units, units.count)
    }

    /// The UTF-8 form of the beginning of a string.
    private static func utf8(_ string: JSStringRef, characters: Int) -> [UInt8] {
        // Three bytes for each unit, and a zero at the end, which the function counts.
        let count = min(JSStringGetLength(string), characters)
        return [UInt8](unsafeUninitializedCapacity: 3 * count + 1) { buffer, used in
            let written = buffer.withMemoryRebound(to: CChar.self) {
                JSStringGetUTF8CString(string, $0.baseAddress, $0.count)
            }
            used = max(written, 1) - 1
        }
    }

    /// The value of an expression; nil if it throws.
    private static func evaluate(_ code: String, _ context: JSGlobalContextRef?) -> JSValueRef? {
        let source = string(code)
        defer { JSStringRelease(source) }
        var exception: JSValueRef?
        let value = JSEvaluateScript(context, source, nil, nil, 1, &exception)
        return exception == nil ? value : nil
    }

    /// A value that the collector keeps.
    private static func kept(_ code: String, _ context: JSGlobalContextRef?) -> JSValueRef? {
        let value = evaluate(code, context)
        if let value { JSValueProtect(context, value) }
        return value
    }

    /// Uses what scripts use, in a context of its own.
    private static func warmUp(_ group: JSContextGroupRef?) {
        let context = JSGlobalContextCreateInGroup(group, nil)
        defer { JSGlobalContextRelease(context) }
        _ = evaluate(
            """
            new Date().toString() + new Date().toLocaleString() + new Date(2020, 1, 1).getTimezoneOffset();
            (1234.5).toLocaleString() + 'ä'.normalize() + 'b'.localeCompare('a') + 'A'.toLocaleLowerCase();
            JSON.stringify(JSON.parse('{"a":[1,2.5,"c"]}')) + /(a+)+b/u.exec('aab') + [3, 1, 2].sort();
            new DataView(new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8]).buffer).getFloat64(0);
            try { null.a } catch (error) { error.stack }
            """, context)
        JSGarbageCollect(context)
    }
}
