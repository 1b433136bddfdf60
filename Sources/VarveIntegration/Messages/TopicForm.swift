// TopicForm.swift — the topics of the EnOS contract: which product, and which kind of message.
//
// `[/]sys/{productKey}/…`; the first slash is written by the SDKs and left out in the documents, so both are taken.

/// A topic that was taken apart.
struct TopicForm: Equatable {
    /// What a topic takes.
    enum Kind: Equatable {
        /// `integration/measurepoint/post`.
        case measurepoints
        /// A topic of the contract that this version does not take.
        case later
        /// Nothing of the contract.
        case unknown
    }

    var product: String
    var kind: Kind

    init(_ topic: String) {
        var levels = topic.split(separator: "/", omittingEmptySubsequences: false)
        if levels.first?.isEmpty == true { levels.removeFirst() }
        guard levels.count >= 2, levels[0] == "sys" else {
            (product, kind) = ("", .unknown)
            return
        }
        product = String(levels[1])
        switch levels.dropFirst(2).joined(separator: "/") {
        case "integration/measurepoint/post": kind = .measurepoints
        case "integration/event/post", "integration/attribute/post", "integration/attributes/post",
            "integration/model/up_raw", "integration/up_raw":
            kind = .later
        default:
            let rest = levels.dropFirst(3).joined(separator: "/")
            kind = rest.hasPrefix("thing/measurepoint/resume") ? .later : .unknown
        }
    }
}
