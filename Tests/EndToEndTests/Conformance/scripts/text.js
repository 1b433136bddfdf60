// text.js — the bytes of a message are the JSON of its request, and those of the answer are the answer.
function rawDataToJsonStr(bytes) {
    return bytes.map(function (byte) { return String.fromCharCode(byte & 255); }).join('');
}
function jsonStrToRawData(text) {
    return text.split('').map(function (letter) { return letter.charCodeAt(0); });
}
