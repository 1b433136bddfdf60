// frame.js — the binary frame that EnOS publishes as its example: a type, an id, then code, length and value of points.
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
