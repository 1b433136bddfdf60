// EndToEndTests.swift — the suite of all tests in this target.
//
// These tests run the built executable as a user does. They start many processes, so they run one after another, which
// leaves a core to the tests of other targets.

import Testing

@Suite("end to end", .serialized) struct EndToEndTests {}
