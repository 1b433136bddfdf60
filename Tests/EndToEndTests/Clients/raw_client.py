# raw_client.py — a client that sends bytes of any form, packed as it announces, on paho; it prints the answers in hex.
#
# It signs its login as the EnOS SDK for Java does, with what it adds in braces. It shares no code with Varve: gzip is
# Python's own; the blocks of lz4-java are read and written below. Usage:
#   raw_client.py PORT PRODUCT DEVICE SECRET COMPRESSION TOPIC WINDOW PAYLOAD...
# DEVICE is %channel% for a channel's login, and COMPRESSION is DEFAULT, GZIP or LZ4. A payload is hex digits, or text
# that begins with { or [; N*PAYLOAD sends it N times. At most WINDOW messages wait for their answers. Exit codes: 4 the
# login was refused, 5 answers are missing after 60 s.
import gzip
import hashlib
import struct
import sys
import threading

import paho.mqtt.client as mqtt

MASK = 0xFFFFFFFF
P1, P2, P3, P4, P5 = 2654435761, 2246822519, 3266489917, 668265263, 374761393


def rotate(value, bits):
    return (value << bits | value >> (32 - bits)) & MASK


def xxh32(data, seed):
    position = 0
    if len(data) >= 16:
        lanes = [(seed + P1 + P2) & MASK, (seed + P2) & MASK, seed, (seed - P1) & MASK]
        while position + 16 <= len(data):
            for lane, word in enumerate(struct.unpack_from("<4I", data, position)):
                lanes[lane] = rotate((lanes[lane] + word * P2) & MASK, 13) * P1 & MASK
            position += 16
        value = sum(rotate(lane, bits) for lane, bits in zip(lanes, (1, 7, 12, 18))) & MASK
    else:
        value = (seed + P5) & MASK
    value = (value + len(data)) & MASK
    while position + 4 <= len(data):
        value = rotate((value + struct.unpack_from("<I", data, position)[0] * P3) & MASK, 17) * P4 & MASK
        position += 4
    for byte in data[position:]:
        value = rotate((value + byte * P5) & MASK, 11) * P1 & MASK
    value = (value ^ value >> 15) * P2 & MASK
    value = (value ^ value >> 13) * P3 & MASK
    return value ^ value >> 16


def lz4_block(data):
    result, position = bytearray(), 0

    def length(start):
        nonlocal position
        if start == 15:
            while True:
                byte = data[position]
                position += 1
                start += byte
                if byte != 255:
                    break
        return start

    while position < len(data):
        token = data[position]
        position += 1
        literals = length(token >> 4)
        result += data[position : position + literals]
        position += literals
        if position >= len(data):
            break
        offset = data[position] | data[position + 1] << 8
        position += 2
        for _ in range(length(token & 15) + 4):
            result.append(result[-offset])
    return bytes(result)


def lz4_pack(payload):
    end = b"LZ4Block" + struct.pack("<BIII", 0x16, 0, 0, 0)
    if not payload:
        return end
    check = xxh32(payload, 0x9747B28C) & 0x0FFFFFFF
    return b"LZ4Block" + struct.pack("<BIII", 0x16, len(payload), len(payload), check) + payload + end


def lz4_unpack(stream):
    result, position = b"", 0
    while True:
        assert stream[position : position + 8] == b"LZ4Block", stream
        token, packed, size, check = struct.unpack_from("<BIII", stream, position + 8)
        position += 21
        if size == 0:
            assert position == len(stream)
            return result
        block = stream[position : position + packed]
        block = block if token & 0xF0 == 0x10 else lz4_block(block)
        assert len(block) == size and xxh32(block, 0x9747B28C) & 0x0FFFFFFF == check
        result += block
        position += packed


port, product, device, secret, compression, topic, window = sys.argv[1:8]
pack, unpack = {
    "DEFAULT": (bytes, bytes),
    "GZIP": (gzip.compress, gzip.decompress),
    "LZ4": (lz4_pack, lz4_unpack),
}[compression]
name = product if device == "%channel%" else device
client_id = f"{name}{{ip=127.0.0.1,version=0.2.x,compress={compression}}}"
mode = "4" if device == "%channel%" else "2"
content = f"clientId{client_id}deviceKey{device}productKey{product}timestamp1{secret}"
payloads = []
for argument in sys.argv[8:]:
    count, star, payload = argument.partition("*")
    if not star or not count.isdigit():
        count, payload = 1, argument
    payloads += [payload.encode() if payload[:1] in "{[" else bytes.fromhex(payload)] * int(count)
answers, changed = [], threading.Condition()
ready = threading.Event()


def on_connect(client, _, __, code):
    if code:
        print(f"refused {code}", flush=True)
        answers.append(None)
    client.subscribe(topic + "_reply", 1)


def on_message(_, __, message):
    with changed:
        answers.append(unpack(message.payload))
        changed.notify_all()


client = mqtt.Client(f"{client_id}|securemode={mode},signmethod=sha256,timestamp=1|")
client.username_pw_set(f"{device}&{product}", hashlib.sha256(content.encode()).hexdigest())
client.on_connect, client.on_message = on_connect, on_message
client.on_subscribe = lambda *_: ready.set()
client.max_inflight_messages_set(0)
client.connect("127.0.0.1", int(port))
client.loop_start()
ready.wait(30)
if None in answers:
    sys.exit(4)
for number, payload in enumerate(payloads):
    with changed:
        if not changed.wait_for(lambda: len(answers) > number - int(window), 60):
            break
    client.publish(topic, pack(payload), qos=1)
with changed:
    changed.wait_for(lambda: len(answers) >= len(payloads), 60)
for answer in answers:
    print(answer.decode() if answer[:1] == b"{" else answer.hex())
client.disconnect()
client.loop_stop()
sys.exit(0 if len(answers) >= len(payloads) else 5)
