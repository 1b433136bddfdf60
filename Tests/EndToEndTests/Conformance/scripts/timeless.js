// timeless.js — two bytes: the id of a message, and a reading that has no time. The answer is the id, 200 or 0 for
// any other code, and the number of samples that were stored before.
function rawDataToJsonStr(bytes) {
    return JSON.stringify({
        id: String(bytes[0]), method: 'thing.measurepoint.post', version: '1.0',
        params: { measurepoints: { mp_int: bytes[1] } } });
}
function jsonStrToRawData(text) {
    var reply = JSON.parse(text);
    return [Number(reply.id), reply.code === 200 ? 200 : 0, reply.data.replayed || 0];
}
