// EndToEndTests.swift — the suite that all tests of this target are in.
//
// These tests run the built executable as a user does. They start many processes, so they run one after another:
// beside them the tests of other targets have a core of their own.

import Testing

@Suite("end to end", .serialized) struct EndToEndTests {}
