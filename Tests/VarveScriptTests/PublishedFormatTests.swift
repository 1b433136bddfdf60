// PublishedFormatTests.swift — the binary frame that EnOS publishes as its example, both ways.

import Testing

@testable import VarveScript

@Suite struct PublishedFormatTests {
    /// A script for the published frame: a type, an id, then code, length and value of each point.
    static let script = """
        function rawDataToJsonStr(bytes) {
            var data = new Uint8Array(bytes.length);
            for (var i = 0; i < bytes.length; i++) { data[i] = bytes[i] & 0xff; }
            var view = new DataView(data.buffer);
            var points = {};
            for (var at = 5; at < data.length;) {
                var length = view.getInt16(at + 1);
                var value = at + 3;
                switch (data[at]) {
                    case 1: points.mp_int = view.getInt32(value); break;
                    case 2:
                        points.mp_string = String.fromCharCode.apply(null, data.subarray(value, value + length));
                        break;
                    case 3: points.mp_double = view.getFloat64(value); break;
                    case 4:
                        points.mp_array = [];
                        for (var k = 0; k < length; k += 4) { points.mp_array.push(view.getInt32(value + k)); }
                        break;
                    case 5:
                        points.mp_int_quality = { value: view.getInt32(value), quality: view.getInt8(value + 4) };
                        break;
                    default: throw new Error('unknown code ' + data[at]);
                }
                at = value + length;
            }
            return JSON.stringify({
                id: String(view.getUint32(1)), method: 'thing.measurepoint.post', version: '1.0',
                params: { measurepoints: points, time: new Date(1714557600000).getTime() } });
        }
        function jsonStrToRawData(text) {
            var reply = JSON.parse(text);
            if (reply.method) { throw new Error('only replies'); }
            return int(reply.id, 4).concat(int(reply.code, 2));
        }
        function int(value, size) {
            var view = new DataView(new ArrayBuffer(4));
            view.setUint32(0, value);
            return Array.prototype.slice.call(new Uint8Array(view.buffer, 4 - size));
        }
        """

    static let frame = ScriptFixture.bytes(
        "0100000014010004000025f502000a6162636465666768696a0300083ff23d70a3d70a3d"
            + "0400140000000100000003000000050000000700000009050005000001a703")

    @Test("the published frame becomes the published JSON")
    func decode() throws {
        let json =
            #"{"id":"20","method":"thing.measurepoint.post","version":"1.0","params":{"measurepoints":{"#
            + #""mp_int":9717,"mp_string":"abcdefghij","mp_double":1.14,"mp_array":[1,3,5,7,9],"#
            + #""mp_int_quality":{"value":423,"quality":3}},"time":1714557600000}}"#
        #expect(try ScriptFixture().decode(Self.script, Self.frame) == json)
    }

    @Test("the published reply becomes the published bytes")
    func encode() throws {
        let result = try ScriptFixture().encode(Self.script, #"{"id":20,"code":200,"data":""}"#)
        #expect(try result.get() == ScriptFixture.bytes("0000001400c8"))
    }

    @Test("a frame that is cut off is an error of the script with its line, and the next one is decoded")
    func cutOff() throws {
        let fixture = ScriptFixture()
        let results = try fixture.results(.decode, Self.script, [Array(Self.frame.dropLast()), Self.frame])
        guard case .failure(let failure) = results[0] else {
            Issue.record("\(results)")
            return
        }
        #expect(failure.category == .threw && failure.line == 20, "\(failure)")
        #expect(failure.message.hasPrefix("RangeError: "), "\(failure)")
        #expect(throws: Never.self) { try results[1].get() }
    }
}
