// AggregationOptionTests.swift — errors about aggregates are worded with the names of the options.

import Testing
import VarveQuery

@testable import varve

@Suite struct AggregationOptionTests {
    @Test(
        "each failure names its option",
        arguments: [
            (.every, .tooLong("401d"), "--every: \"401d\" is too long; at most 400d"),
            (.every, .tooShort("0s"), "--every: \"0s\" is no time at all; at least 1ms"),
            (
                .every, .notWholeDays,
                "--every: with --tz a duration longer than a day must be whole days, such as 2d or 1w"
            ),
            (
                .hold, .tooLong("99999999w"),
                "--hold: \"99999999w\" is too long; without --hold a value holds to the next one"
            ),
            (.fill, .unknownFill("x"), "--fill: \"x\" is unknown; use none, null, previous or linear"),
        ] as [(AggregationOption, AggregationFailure, String)])
    func words(option: AggregationOption, failure: AggregationFailure, text: String) {
        let error = #expect(throws: QueryFailure.self) {
            try option.reading { () throws(AggregationFailure) in throw failure }
        }
        #expect(error?.description == text)
    }

    @Test("an error about too many rows names options that make fewer")
    func rows() {
        #expect(
            AggregationFailure.tooManyEmptyBuckets(limit: 9).queryFailure(.null).description
                == "--fill null: more than 9 empty buckets to fill; use a longer --every or a shorter range")
        #expect(
            AggregationFailure.tooManyHeldBuckets(limit: 9).queryFailure(.none).description
                == "--agg twa: a value holds over more than 9 buckets without samples; use a longer --every, "
                + "a shorter range or --hold")
    }
}
