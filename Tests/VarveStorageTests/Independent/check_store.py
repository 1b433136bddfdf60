#!/usr/bin/env python3
"""Reads a compacted store by its documents alone and compares every sample with a CSV export of it.

Standard library only, with read_segment.py beside it: dictionaries by ManifestFormat.md, segments by SegmentFormat.md and
ColumnFormat.md. Prints the number of samples that are equal; ends with the first difference otherwise.

    check_store.py DATA_DIRECTORY EXPORT.csv
"""

import csv
import datetime
import pathlib
import struct
import sys

from read_segment import Reader, Segment, lz4_block

TYPES = {1: "double", 2: "int64", 3: "bool", 4: "string", 5: "json"}
EPOCH = datetime.datetime(1970, 1, 1)


def dictionary(folder):
    """The type and the names of each series id."""
    names = {}
    for path in folder.glob("*.dictionary"):
        data = path.read_bytes()
        assert data[:8] == b"VARVEDIC", path
        version, flags, size, stored = struct.unpack_from("<HHIQ", data, 8)
        assert version == 1 and flags in (0, 1) and len(data) == 24 + stored + 8, path
        payload = data[24 : 24 + stored]
        reader = Reader(lz4_block(payload, size) if flags else payload)
        first = reader.varint()
        for series in range(first, first + reader.varint()):
            kind = TYPES[reader.take(1)[0]]
            _, device, point = (reader.text() for _ in range(3))
            names[series] = (kind, device, point)
        assert reader.at == len(reader.data), path
    return names


def nanoseconds(text, days={}):
    """A time as exports print it."""
    day, clock = text[:-1].split("T")
    if day not in days:
        days[day] = (datetime.datetime.fromisoformat(day) - EPOCH).days * 86_400
    hours, minutes, seconds = clock.split(":")
    whole, _, fraction = seconds.partition(".")
    return (days[day] + int(hours) * 3600 + int(minutes) * 60 + int(whole)) * 10**9 + int(fraction.ljust(9, "0"))


def value(text, kind):
    """A value as the segment has it."""
    if kind == "double":
        return struct.unpack("<Q", struct.pack("<d", float(text)))[0]
    return int(text) if kind == "int64" else {"true": 1, "false": 0}[text] if kind == "bool" else text


def exported(path, names):
    """The samples of an export by device and point: time, value or None, quality or None."""
    # Of series of one name the newest counts.
    kinds = {names[series][1:]: names[series][0] for series in sorted(names)}
    found = {}
    csv.field_size_limit(1 << 30)
    with open(path, newline="", encoding="utf-8") as file:
        rows = csv.reader(file)
        assert next(rows) == ["device", "point", "time", "value", "quality"]
        for device, point, time, text, quality in rows:
            sample = (
                nanoseconds(time),
                value(text, kinds[device, point]) if text else None,
                int(quality) if quality else None,
            )
            found.setdefault((device, point), []).append(sample)
    return found


def quality(state):
    return struct.unpack("<i", struct.pack("<I", state & 0xFFFFFFFF))[0] if state >> 32 & 1 else None


def main(directory, export):
    folder = pathlib.Path(directory) / "segments"
    names = dictionary(folder)
    expected = exported(export, names)
    equal = 0
    places = dict.fromkeys(expected, 0)
    for path in folder.glob("*.segment"):
        segment = Segment(path.read_bytes())
        for entry in segment.entries:
            kind, *name = names[entry["series"]]
            name = tuple(name)
            samples = [
                (time, None if state >> 33 & 1 else number, quality(state))
                for time, number, state, _ in segment.decode(entry, kind)
            ]
            start = places[name]
            wanted = expected[name][start : start + len(samples)]
            assert samples == wanted, (name, next(pair for pair in zip(samples, wanted) if pair[0] != pair[1]))
            places[name] += len(samples)
            equal += len(samples)
    assert places == {name: len(samples) for name, samples in expected.items()}, "samples are missing"
    print(equal)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
