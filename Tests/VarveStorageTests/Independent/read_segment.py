#!/usr/bin/env python3
"""Reads a segment by its documents alone: SegmentFormat.md and ColumnFormat.md.

Standard library only; written without the Swift sources, so that what it cannot read is missing from the documents.
Lists the blocks and their statistics, and decodes every sample. Checksums are not
checked.

    read_segment.py FILE.segment --types double,int64,bool,string,json [--samples]

`--types` gives the type of each series id, which the dictionary would tell.
"""

import argparse
import ctypes
import math
import struct
import sys

MASK = (1 << 64) - 1


def lz4_block(data, size):
    """Unpacks one LZ4 block of a known size."""
    out = bytearray()
    at = 0
    while at < len(data):
        token = data[at]
        at += 1
        literals = token >> 4
        if literals == 15:
            while True:
                literals += data[at]
                at += 1
                if data[at - 1] != 255:
                    break
        out += data[at : at + literals]
        at += literals
        if at >= len(data):
            break
        distance = data[at] | data[at + 1] << 8
        at += 2
        length = token & 15
        if length == 15:
            while True:
                length += data[at]
                at += 1
                if data[at - 1] != 255:
                    break
        for _ in range(length + 4):
            out.append(out[-distance])
    assert len(out) == size, (len(out), size)
    return bytes(out)


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, count):
        assert 0 <= count <= len(self.data) - self.at, "short"
        self.at += count
        return self.data[self.at - count : self.at]

    def rest(self):
        return self.take(len(self.data) - self.at)

    def byte(self):
        return self.take(1)[0]

    def fixed(self, code):
        return struct.unpack("<" + code, self.take(struct.calcsize(code)))[0]

    def varint(self):
        value = shift = 0
        while True:
            byte = self.byte()
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    def signed(self):
        value = self.varint()
        return value >> 1 ^ -(value & 1)

    def text(self):
        return self.take(self.varint()).decode()

    def sized(self):
        return Reader(self.take(self.varint()))


def wrap(value):
    value &= MASK
    return value - (1 << 64) if value >> 63 else value


def unzigzag(value):
    return value >> 1 ^ -(value & 1)


# Integer bodies


def stream(reader, n, width):
    number = int.from_bytes(reader.take((n * width + 7) // 8), "little")
    return [number >> i * width & (1 << width) - 1 for i in range(n)]


def packed(reader, n, width):
    if n < 1024:
        return stream(reader, n, width)
    words = struct.unpack("<%dQ" % (16 * width), reader.take(128 * width))
    values = [0] * n
    for lane in range(16):
        number = 0
        for k in range(width):
            number |= words[16 * k + lane] << 64 * k
        for row in range(64):
            values[row * 16 + lane] = number >> row * width & (1 << width) - 1
    return values


def rice(reader, n, base, mode):
    low = mode & 127
    distances = packed(reader, n, low)
    bits = reader.sized().rest()
    number, at = int.from_bytes(bits, "little"), 0
    for i in range(n):
        end = at
        while not number >> end & 1:
            end += 1
        distances[i] |= end - at << low
        at = end + 1
    assert number >> at == 0, "quotients"
    return [wrap(base + (unzigzag(d) if mode & 128 else d)) for d in distances]


def vector(reader, n):
    form = reader.byte()
    if form == 1:
        return [reader.signed()] * n
    if form == 2:
        first, step = reader.signed(), reader.signed()
        return [wrap(first + i * step) for i in range(n)]
    if form == 9:
        runs, base = reader.varint(), reader.signed()
        values = stream(reader, runs, reader.byte())
        lengths = stream(reader, runs, reader.byte())
        return [wrap(base + v) for v, length in zip(values, lengths) for _ in range(length + 1)]
    if form == 13:
        place, step = reader.signed(), reader.signed()
        gaps, at = {}, 0
        for _ in range(reader.varint()):
            at += reader.varint()
            gaps[at] = gaps.get(at, 0) + reader.signed()
        base, width = reader.signed(), reader.byte()
        values = packed(reader, n, width)
        for i in range(n):
            place += step * gaps.get(i, 0)
            values[i] = wrap(place + step * i + base + values[i])
        return values
    kind = (form - 1) % 3 if form >= 10 else form % 3
    leads = [reader.signed() for _ in range(kind)]
    base, width = reader.signed(), reader.byte()
    if form >= 10:
        values = rice(reader, n, base, width)
    else:
        values = [wrap(base + v) for v in packed(reader, n, width)]
    if form >= 6:
        count, width = reader.varint(), reader.byte()
        numbers = stream(reader, count, width)
        at = 0
        for number in numbers:
            at += reader.varint()
            values[at] = wrap(base + unzigzag(number))
    if kind == 1:
        values[0] = leads[0]
        for i in range(1, n):
            values[i] = wrap(values[i - 1] + values[i])
    elif kind == 2:
        values[0], difference = leads
        for i in range(1, n):
            if i > 1:
                difference = wrap(difference + values[i])
            values[i] = wrap(values[i - 1] + difference)
    return values


def integers(reader, n):
    tag = reader.byte()
    if tag == 1:
        return [reader.signed()] * n
    if tag == 2:
        first, step = reader.signed(), reader.signed()
        return [wrap(first + i * step) for i in range(n)]
    if tag == 3:
        return [v for start in range(0, n, 1024) for v in vector(reader, min(1024, n - start))]
    if tag == 4:
        base, divisor = reader.signed(), reader.varint()
        return [wrap(base + divisor * v) for v in integers(reader, n)]
    if tag == 5:
        count = reader.varint()
        distinct = integers(reader.sized(), count)
        return [distinct[i] for i in integers(reader, n)]
    if tag == 6:
        base, count = reader.signed(), reader.byte()
        planes = [reader.take(n) for _ in range(count)]
        return [wrap(base + sum(plane[i] << 8 * p for p, plane in enumerate(planes))) for i in range(n)]
    raise ValueError("integer tag %d" % tag)


# Double bodies, as bit patterns


def bits_of(value):
    return struct.unpack("<Q", struct.pack("<d", value))[0]


def exceptions(reader):
    count = reader.varint()
    if count == 0:
        return []
    return list(zip(integers(reader.sized(), count), integers(reader.sized(), count)))


def predict(way, power, digits, m):
    quotient = float(m) / 10.0**power
    if way == 1:
        return quotient
    single = ctypes.c_float(quotient).value
    if way == 2:
        return single
    assert way in (3, 4), "way %d" % way
    places = min(max(digits - len(str(abs(m))) + power, 0), 22)
    scaled = single * 10.0**places
    if math.isfinite(scaled):
        scaled = float(round(scaled)) + 0.0
    if places >= power and scaled == float(m) * 10.0 ** (places - power):
        scaled, places = float(m), power
    if way == 3:
        return scaled / 10.0**places
    for bit in range(5):
        if places >> bit & 1:
            scaled /= 10.0 ** (1 << bit)
    return scaled


def numbered(r, power, digits):
    size = abs(r)
    while size >= 10**digits:
        size -= 9 * 10 ** (digits - 1)
        power -= 1
    size = float(-size if r < 0 else size)
    return size / 10.0**power if power >= 0 else size * 10.0**-power


def doubles(reader, n):
    tag = reader.byte()
    if tag == 16:
        return [v & MASK for v in integers(reader, n)]
    if tag in (17, 18):
        power = reader.byte() if tag == 17 else 0
        special = exceptions(reader)
        numbers = integers(reader, n)
        if tag == 17:
            values = [bits_of(float(m) / 10.0**power) for m in numbers]
        else:
            values = [bits_of(struct.unpack("<f", struct.pack("<I", m & 0xFFFFFFFF))[0]) for m in numbers]
        for position, pattern in special:
            values[position] = pattern & MASK
        return values
    if tag == 19:
        way, power, digits = reader.byte(), reader.byte(), reader.byte()
        differences = integers(reader.sized(), n)
        return [
            bits_of(predict(way, power, digits, m)) + difference & MASK
            for difference, m in zip(differences, integers(reader, n))
        ]
    if tag == 20:
        count = reader.varint()
        distinct = doubles(reader.sized(), count)
        return [distinct[i] for i in integers(reader, n)]
    if tag == 21:
        pattern, others, runs = reader.fixed("Q"), reader.varint(), reader.varint()
        lengths = integers(reader.sized(), runs)
        rest = iter(doubles(reader, others))
        return [
            pattern if i % 2 == 0 else next(rest) for i, length in enumerate(lengths) for _ in range(length)
        ]
    if tag == 22:
        power, digits = reader.byte(), reader.byte()
        special = exceptions(reader)
        values = [bits_of(numbered(r, power, digits)) for r in integers(reader, n)]
        for position, pattern in special:
            values[position] = pattern & MASK
        return values
    if tag == 23:
        precision, top = reader.byte(), reader.fixed("H")
        special = exceptions(reader)
        bits = reader.sized().rest()
        low, at, values = int.from_bytes(bits, "little"), 0, []
        for m in integers(reader, n):
            below = precision - abs(m).bit_length() if m else 0
            size = abs(m) << below | low >> at & (1 << below) - 1
            at += below
            size = size << 53 - precision & (1 << 52) - 1
            values.append((size | top - below << 52 | (1 << 63 if m < 0 else 0)) if m else 0)
        assert (at + 7) // 8 == len(bits), "low bits"
        for position, pattern in special:
            values[position] = pattern & MASK
        return values
    raise ValueError("double tag %d" % tag)


def texts(reader, n):
    tag = reader.byte()
    assert tag in (32, 33, 34, 35), "text tag %d" % tag
    has_dictionary = tag in (32, 35)
    count = reader.varint() if has_dictionary else n
    shared = integers(reader.sized(), count) if tag >= 34 else [0] * count
    values, before = [], b""
    for same, length in zip(shared, integers(reader.sized(), count)):
        before = before[:same] + bytes(reader.take(length))
        values.append(before.decode())
    return [values[i] for i in integers(reader, n)] if has_dictionary else values


def column(data, n, body):
    reader = Reader(data)
    envelope = reader.byte()
    if envelope == 65:
        size = reader.varint()
        reader = Reader(lz4_block(reader.rest(), size))
    else:
        assert envelope == 64, "envelope %d" % envelope
    values = body(reader, n)
    assert reader.at == len(reader.data) and len(values) == n
    return values


# Segment


class Segment:
    def __init__(self, data):
        self.data = data
        assert data[:8] == b"VARVESEG" and data[-8:] == b"VARVEEND"
        assert struct.unpack("<HH", data[8:12]) == (1, 0), "version"
        footer = Reader(data[-96:])
        top, size, _, self.samples = (footer.fixed("Q") for _ in range(4))
        self.series, self.blocks = footer.fixed("I"), footer.fixed("I")
        self.first, self.last = footer.fixed("q"), footer.fixed("q")
        self.entries = []
        reader = Reader(data[top : top + size])
        for _ in range(reader.varint()):
            offset, count, _, raw = reader.varint(), reader.varint(), reader.fixed("Q"), reader.varint()
            reader.varint(), reader.varint(), reader.signed(), reader.signed()
            page = data[offset : offset + count]
            self.entries += self.page(Reader(page if raw == count else lz4_block(page, raw)))
        self.encodings = [(reader.text(), reader.varint()) for _ in range(reader.varint())]
        assert reader.at == size
        assert sum(entry["samples"] for entry in self.entries) == self.samples
        assert len(self.entries) == self.blocks

    @staticmethod
    def page(reader):
        entries = []
        for _ in range(reader.varint()):
            entry = {"series": reader.varint(), "samples": reader.varint(), "first": reader.signed()}
            entry["last"] = entry["first"] + reader.varint()
            entry["commits"] = [reader.varint()]
            entry["commits"].append(entry["commits"][0] + reader.varint())
            for name in ("block", "times"):
                entry[name] = (reader.varint(), reader.varint())
                reader.fixed("Q")
            entry["present"], entry["numeric"], entry["good"] = (reader.varint() for _ in range(3))
            if entry["numeric"]:
                for name in ("minimum", "maximum", "first value", "last value"):
                    entry[name] = reader.fixed("Q")
                entry["sum"] = reader.take(reader.varint())
            entries.append(entry)
        assert reader.at == len(reader.data)
        return entries

    def decode(self, entry, kind):
        """(time, value, state, commit) of each sample."""
        n = entry["samples"]
        offset, count = entry["times"]
        times = column(self.data[offset : offset + count], n, integers)
        offset, count = entry["block"]
        block = Reader(self.data[offset : offset + count])
        sizes = block.varint(), block.varint()
        body = {"double": doubles, "string": texts, "json": texts}.get(kind, integers)
        values = column(block.take(sizes[0]), n, body)
        states = column(block.take(sizes[1]), n, integers)
        commits = column(block.rest(), n, integers)
        assert times[0] == entry["first"] and times[-1] == entry["last"]
        assert [min(commits), max(commits)] == entry["commits"]
        return list(zip(times, values, states, commits))


def shown(value, state, kind):
    quality = "" if not state >> 32 & 1 else str(struct.unpack("<i", struct.pack("<I", state & 0xFFFFFFFF))[0])
    if state >> 33 & 1:
        return "\t" + quality
    if kind == "double":
        return "%016x\t%s" % (value, quality)
    return "%s\t%s" % (value, quality)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("file")
    parser.add_argument("--types", required=True)
    parser.add_argument("--samples", action="store_true")
    options = parser.parse_args()
    types = options.types.split(",")
    with open(options.file, "rb") as file:
        segment = Segment(file.read())
    for entry in segment.entries:
        kind = types[entry["series"]]
        if options.samples:
            for time, value, state, commit in segment.decode(entry, kind):
                print("%d\t%d\t%d\t%s" % (entry["series"], time, commit, shown(value, state, kind)))
        else:
            print(entry["series"], kind, entry["samples"], entry["first"], entry["last"], *entry["commits"])


if __name__ == "__main__":
    sys.exit(main())
