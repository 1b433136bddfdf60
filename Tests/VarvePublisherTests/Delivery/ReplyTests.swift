// ReplyTests.swift — which messages are replies, and what their codes mean.

import Testing

@testable import VarvePublisher

@Suite struct ReplyTests {
    private func reply(_ text: String) -> Reply? { Array(text.utf8).withUnsafeBytes { Reply($0) } }

    @Test("id, code and message are found among any other members")
    func found() {
        #expect(
            reply(#"{"id":"a-1","code":200,"data":{}}"#) == Reply(id: "a-1", code: 200))
        #expect(
            reply(#" { "data" : {"id":"x","code":5}, "message":"no \"b\"" , "code" : 1204 , "id" : 17 } "#)
                == Reply(id: "17", code: 1204, message: "no \"b\""))
    }

    @Test("other texts are not taken for a reply")
    func none() {
        for text in [
            "", "{}", "[]", "null", #"{"id":"a"}"#, #"{"code":200}"#, #"{"id":"a","code":"200"}"#,
            #"{"id":"a","code":2e2}"#, #"{"id":"a","code":200"#, #"{"id":"a","code":99999999999999999999}"#,
        ] {
            #expect(reply(text) == nil, Comment(rawValue: text))
        }
    }

    @Test("each code has its consequence")
    func meanings() {
        func meaning(_ code: Int) -> Reply.Meaning { Reply(id: "", code: code).meaning }
        #expect(meaning(200) == .taken)
        #expect([1204, 1220, 1257, 1008, 1206].allSatisfy { meaning($0) == .split })
        #expect([1009, 1260, 1251].allSatisfy { meaning($0) == .never })
        #expect([429, 500].allSatisfy { meaning($0) == .later })
    }
}
