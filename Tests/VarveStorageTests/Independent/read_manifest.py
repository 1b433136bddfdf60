#!/usr/bin/env python3
"""Reads a manifest of version 4 or 5 by ManifestFormat.md alone and prints which series were replaced.

Standard library only, with read_segment.py beside it. A line for each replacement, with tabs between: its commit, when it
was written, the first new id, the replaced ids with commas between.

    read_manifest.py MANIFEST
"""

import struct
import sys

from read_segment import Reader, lz4_block


def integer(reader):
    return struct.unpack("<q", reader.take(8))[0]


def skip(reader, form):
    """Reads fields: a digit is so many bytes, v a varint."""
    return [reader.varint() if letter == "v" else reader.take(int(letter)) for letter in form]


def expiry(reader):
    skip(reader, "88vv8")
    for _ in range(reader.varint()):
        skip(reader, "vv")


def replacements(data):
    assert data[:8] == b"VARVEMAN"
    version, flags, size, stored = struct.unpack_from("<HHIQ", data, 8)
    assert version in (4, 5) and flags in (0, 1) and len(data) == 24 + stored + 8
    payload = data[24 : 24 + stored]
    reader = Reader(lz4_block(payload, size) if flags else payload)
    skip(reader, "888888")
    segments = reader.varint()
    for _ in range(segments):
        skip(reader, "88v8vvv88vv1")
    for _ in ("dictionaries", "receipts"):
        for _ in range(reader.varint()):
            skip(reader, "88v8v")
    reader.take(8)
    for _ in range(reader.varint()):
        skip(reader, "88v8v88")
    for _ in range(reader.varint()):
        skip(reader, "v88v81")
    for _ in range(segments):
        if reader.varint() > 0:
            reader.varint()
        reader.varint()
    reader.varint()
    for place in range(reader.varint()):
        skip(reader, "vv" if place else "8v")
    for _ in range(reader.varint()):
        expiry(reader)
    skip(reader, "vv")
    found = []
    for _ in range(reader.varint() if version == 5 else 0):
        commit, written, first, old = reader.varint(), integer(reader), reader.varint(), []
        for _ in range(reader.varint()):
            old.append((old[-1] + 1 if old else 0) + reader.varint())
        found.append((commit, written, first, old))
    assert reader.at == len(reader.data) and (version == 4 or found)
    return found


if __name__ == "__main__":
    with open(sys.argv[1], "rb") as file:
        for commit, written, first, old in replacements(file.read()):
            print(commit, written, first, ",".join(map(str, old)), sep="\t")
