// RuleTextTests.swift — the text of value rules, which is a persistent format.

import Testing
import VarveModel
import VarveText

@Suite struct RuleTextTests {
    @Test(
        "a rule has one text, which reads back as the rule",
        arguments: [
            (ValueRule.int, "INT"), (.float, "FLOAT"), (.double, "DOUBLE"), (.bool, "BOOL"), (.date, "DATE"),
            (.timestamp, "TIMESTAMP"), (.file, "FILE"), (.string(maximumBytes: 1024), "STRING"),
            (.string(maximumBytes: 64), "STRING(64)"), (.array(of: .float), "ARRAY(FLOAT)"),
            (.array(of: .string(maximumBytes: 8)), "ARRAY(STRING(8))"),
            (.integerEnumeration(keys: [10, 2, -1]), "ENUM(-1,2,10)"),
            (.textEnumeration(keys: ["b", "a"]), "ENUM(a,b)"),
            (.textEnumeration(keys: ["1", "+2", "x"]), #"ENUM("+2","1",x)"#),
            (.textEnumeration(keys: ["", "a,b", "q\"", "läuft"]), #"ENUM("","a,b",läuft,"q\"")"#),
            (
                .structure([
                    .init(name: "b", rule: .int, isRequired: true),
                    .init(name: "a:1", rule: .array(of: .int), isRequired: false),
                    .init(name: "7", rule: .textEnumeration(keys: ["on", "off"]), isRequired: true),
                ]), #"STRUCT(b:INT,"a:1":ARRAY(INT)?,7:ENUM(off,on))"#
            ),
        ])
    func roundTrip(rule: ValueRule, text: String) throws {
        #expect(RuleText.text(rule) == text)
        #expect(try RuleText.rule(text) == rule)
        #expect(try RuleText.prefix(of: text + ":unit=x").rule == rule)
        #expect(try RuleText.prefix(of: text + ":unit=x").rest == ":unit=x")
    }

    @Test("blanks between the parts are allowed")
    func blanks() throws {
        #expect(try RuleText.rule("ENUM ( 1, 0 )") == .integerEnumeration(keys: [0, 1]))
        #expect(
            try RuleText.text(RuleText.rule("STRUCT( a : INT ? , b:STRING (3))"))
                == "STRUCT(a:INT?,b:STRING(3))")
    }

    @Test(
        "a text that is no rule is refused with its reason",
        arguments: [
            ("", "unknown type \"\""), ("int", "unknown type \"int\""), ("INTEGER", "unknown type"),
            ("INT(3)", "after its end"), ("INT ", "after its end"), ("ENUM", "ENUM lacks a \"(\""),
            ("ENUM()", "ENUM lacks a name"), ("ENUM(1,1)", "twice"), ("ENUM(1,01)", "twice"),
            ("ENUM(a,1)", "integers and texts"), ("ENUM(1", "lacks a \")\""),
            ("ENUM(\"a)", "quotes are wrong"),
            ("ENUM(\"\\ud800\")", "quotes are wrong"), ("STRING(0)", "1 to 1024"),
            ("STRING(1025)", "1 to 1024"),
            ("STRING(99999999999999999999)", "1 to 1024"), ("ARRAY(ARRAY(INT))", "one plain type"),
            ("ARRAY(STRUCT(a:INT))", "cannot be a STRUCT"), ("STRUCT(a:STRUCT(b:INT))", "cannot be a STRUCT"),
            ("STRUCT(a:INT,a:INT)", "twice"), ("STRUCT(a)", "lacks a \":\""),
            ("STRUCT(:INT)", "lacks a name"),
            ("ENUM(" + String(repeating: "1", count: 70_000) + ")", "more than 65536 bytes"),
        ])
    func refused(text: String, reason: String) {
        let failure = #expect(throws: RuleFailure.self) { try RuleText.rule(text) }
        #expect(failure?.reason.contains(reason) == true, "\(failure?.reason ?? "-")")
        #expect(failure?.reason.contains("\n") == false)
    }

    @Test("the output of an event may have structures one level deep, and an array in them none")
    func nesting() throws {
        let text = "STRUCT(a:STRUCT(b:INT,c:ARRAY(INT)))"
        #expect(try RuleText.text(RuleText.rule(text, allowsNesting: true)) == text)
        #expect(throws: RuleFailure.self) {
            try RuleText.rule("STRUCT(a:STRUCT(b:STRUCT(c:INT)))", allowsNesting: true)
        }
        #expect(throws: RuleFailure.self) {
            try RuleText.rule("STRUCT(a:ARRAY(STRUCT(c:INT)))", allowsNesting: true)
        }
    }
}
