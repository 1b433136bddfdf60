// CrashTypes.swift — converts values of the histories to another type, without the engine's code.

import VarveModel
import VarveText

@testable import VarveStorage

extension Sample {
    /// The sample with its value as a `string` or a `double`; nil if it does not fit, or has neither value nor quality.
    func converted(to type: ValueType) -> Sample? {
        guard let value, value.type != type else { return self }
        var copy = self
        switch (value, type) {
        case (.double(let number), .string): copy.value = .string(ValueText.string(number))
        case (.int64(let number), .string): copy.value = .string("\(number)")
        case (.bool(let truth), .string): copy.value = .string("\(truth)")
        case (.json(let text), .string): copy.value = .string(text)
        case (.int64(let number), .double): copy.value = Double(exactly: number).map { .double($0) }
        case (.bool(let truth), .double): copy.value = .double(truth ? 1 : 0)
        case (.string(""), .double):
            return quality == nil ? nil : Sample(time: time, value: nil, quality: quality)
        case (.string(let text), .double): copy.value = Double(text).map { .double($0) }
        default: copy.value = nil
        }
        return copy.value == nil ? nil : copy
    }
}

extension CrashBatch {
    /// The rows as the store has their series now; nil if none are left.
    func adapted(to store: Store) -> CrashBatch? {
        var copy = self
        copy.rows = rows.compactMap { key, type, policy, rows in
            let stored = store.storedType(of: key) ?? type
            let fitting = rows.compactMap { $0.converted(to: stored) }
            return fitting.isEmpty ? nil : (key, stored, policy, fitting)
        }
        return copy.rows.isEmpty ? nil : copy
    }
}
