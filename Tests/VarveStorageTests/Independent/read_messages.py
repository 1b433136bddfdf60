#!/usr/bin/env python3
"""Reads a messages file by its document alone: ManifestFormat.md, "Messages file".

Standard library only; written without the Swift sources. Prints hash and commit of every message, sorted as they
are, and checks counts, order, tags, and that the filter has every message. Checksums are not checked.

    read_messages.py FILE.messages
"""

import struct
import sys

FACTORS = (
    0x47B6137B, 0x44974D91, 0x8824AD5B, 0xA2B7289D, 0x705495C7, 0x2DF1424B, 0x9EFC4947, 0x5C6BFB31,
)


def pieces(data, start, unit, full, count, tag):
    """The payload of a run of pieces, and where they end."""
    payload = b""
    while count:
        size = unit * min(full, count)
        payload += data[start : start + size]
        assert struct.unpack_from("<Q", data, start + size)[0] == (tag + start) % 2**64, "tag"
        start += size + 16
        count -= min(full, count)
    return payload, start


def main(path):
    with open(path, "rb") as file:
        data = file.read()
    assert data[:8] == b"VARVEMSG" and struct.unpack_from("<HHI", data, 8) == (1, 0, 0)
    low, high, entries, blocks, oldest, newest, highest = struct.unpack_from("<QQQQqqQ", data, 16)
    assert blocks == max(1, -(-entries // 16)) and oldest <= newest
    assert "%016x%016x.messages" % (high, low) == path.split("/")[-1]
    bits, at = pieces(data, 96, 32, 127, blocks, low)
    listed, at = pieces(data, at, 24, 170, entries, low)
    assert at == len(data), "size"
    before = None
    for low, high, commit in struct.iter_unpack("<QQQ", listed):
        assert before is None or before <= (high, low, commit), "order"
        before = (high, low, commit)
        words = struct.unpack_from("<8I", bits, 32 * (high * blocks >> 64))
        for word, factor in zip(words, FACTORS):
            assert word >> ((low * factor & 0xFFFFFFFF) >> 27) & 1, "filter"
        assert commit <= highest
        print("%016x%016x\t%d" % (high, low, commit))


main(sys.argv[1])
