// FrameSeries.swift — small binary payloads for a product with a parsing script, each of which is new to the store.

/// Makes frames of 29 bytes: an id, a device, a time in milliseconds, and four values in hundredths; big endian.
struct FrameSeries {
    /// The bytes of a frame.
    static let bytes = 29

    /// The samples of a frame.
    static let samples = MessageSeries.points.count

    /// Decodes a frame and encodes the answer: the id and the code.
    static let script = """
        function rawDataToJsonStr(bytes) {
            var view = new DataView(Uint8Array.from(bytes, function (b) { return b & 0xff; }).buffer);
            return JSON.stringify({
                id: String(view.getUint32(0)), version: '1.0', method: 'integration.measurepoint.post',
                params: [{
                    deviceKey: 'R80' + (700 + view.getUint8(4)),
                    measurepoints: {
                        P_avg: view.getInt32(13) / 100, Ws_avg: view.getInt32(17) / 100,
                        Ot_avg: view.getInt32(21) / 100, Ba_avg: view.getInt32(25) / 100 },
                    time: view.getUint32(5) * 4294967296 + view.getUint32(9) }] });
        }
        function jsonStrToRawData(text) {
            var reply = JSON.parse(text), id = Number(reply.id);
            return [id >>> 24, (id >>> 16) & 255, (id >>> 8) & 255, id & 255, reply.code >> 8, reply.code & 255];
        }

        """

    private var time = 1_500_000_000_000

    /// The frames of one sender.
    mutating func next(_ count: Int) -> [[UInt8]] {
        var generator = SystemRandomNumberGenerator()
        return (0..<count).map { number in
            time += 1000
            var frame: [UInt8] = []
            frame.reserveCapacity(Self.bytes)
            Self.append(UInt32(number), to: &frame)
            frame.append(UInt8(number % MessageSeries.devices.count))
            Self.append(UInt64(time), to: &frame)
            for _ in 0..<Self.samples {
                Self.append(UInt32.random(in: 100...99_999, using: &generator), to: &frame)
            }
            return frame
        }
    }

    private static func append(_ number: some FixedWidthInteger, to frame: inout [UInt8]) {
        withUnsafeBytes(of: number.bigEndian) { frame.append(contentsOf: $0) }
    }
}
