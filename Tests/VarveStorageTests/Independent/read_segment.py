#!/usr/bin/env python3
"""Reads a segment by its documents alone: SegmentFormat.md and ColumnFormat.md.

Standard library only; written without the Swift sources, so that what it cannot read is missing from the documents.
Lists the blocks, or decodes every sample and compares the statistics of blocks and vectors with them. Checksums are
not checked.

    read_segment.py FILE.segment --types double,int64,bool,string,json [--samples]

`--types` gives the type of each series id, which the dictionary would tell.
"""

import argparse
import ctypes
import math
import struct
import sys
from fractions import Fraction

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


def ints(reader, n):
    """A column of integers with its size in front."""
    return column(reader.take(reader.varint()), n, integers)


class Statistics:
    """Reads rows of statistics, each with the help of the row before."""

    def __init__(self):
        self.form, self.last, self.exponent = 18, 0, 0

    def row(self, reader, count):
        flags = reader.byte()
        assert flags < 64, "flags"
        row = {"present": count, "nans": 0, "infinities": (0, 0), "good": count}
        for bit, name in ((2, "present"), (4, "nans")):
            if flags & bit:
                row[name] = reader.varint()
        if flags & 8:
            row["infinities"] = reader.varint(), reader.varint()
        if flags & 16:
            row["good"] = reader.varint()
        row["one quality"] = not flags & 32
        row["numeric"] = 0 if flags & 1 else row["present"] - row["nans"]
        if row["numeric"]:
            self.numbers(reader, row)
        return row

    def numbers(self, reader, row):
        head = reader.byte()
        form = head & 31
        constant = head & 32
        assert form < 19, "form"
        if form > 16:
            code = "Q" if form == 18 else "I"
            first = reader.fixed(code)
            last, low, high = (first,) * 3 if constant else (reader.fixed(code) for _ in range(3))
        else:
            first = wrap(reader.signed() + (self.last if form == self.form else 0))
            last = low = high = first
            if not constant:
                last = wrap(first + reader.signed())
                low = wrap(min(first, last) - reader.varint())
                high = wrap(max(first, last) + reader.varint())
        row["first value"], row["last value"] = self.bits(first, form), self.bits(last, form)
        row["minimum"], row["maximum"] = self.bits(low, form), self.bits(high, form)
        self.form, self.last = form, last
        if head & 128:
            row["wide sum"] = reader.take(reader.varint())
            return
        if head & 64:
            nearest = reader.fixed("Q")
        else:
            expected = wrap(wrap(low + high) * row["numeric"]) >> 1
            number = wrap(reader.signed() + expected)
            nearest = bits_of(float(number)) if form == 16 else self.bits(number, form)
            nearest = nearest + reader.signed() & MASK
        rest = reader.signed()
        if rest:
            self.exponent += reader.signed()
        row["sum"] = nearest, rest, self.exponent

    @staticmethod
    def bits(number, form):
        if form >= 16 and form != 17:
            return number & MASK
        if form == 17:
            return bits_of(struct.unpack("<f", struct.pack("<I", number))[0])
        return bits_of(float(number) / 10.0**form)


class Segment:
    def __init__(self, data):
        self.data = data
        assert data[:8] == b"VARVESEG" and data[-8:] == b"VARVEEND"
        assert struct.unpack("<HH", data[8:12]) == (1, 0), "version"
        footer = Reader(data[-104:])
        top, size, _, self.samples = (footer.fixed("Q") for _ in range(4))
        self.series, self.blocks = footer.fixed("I"), footer.fixed("I")
        self.first, self.last = footer.fixed("q"), footer.fixed("q")
        footer.take(16)
        offset, raw, version, flags = (footer.fixed(code) for code in "QIHH")
        assert (version, flags) == (1, 0) and top + size == len(data) - 104
        stored = data[top : top + size]
        reader = Reader(stored if raw == size else lz4_block(stored, raw))
        self.entries = []
        series = 0
        for _ in range(reader.varint()):
            tables, count, _, raw = reader.varint(), reader.varint(), reader.fixed("Q"), reader.varint()
            first = series + reader.varint()
            series = first + reader.varint()
            reader.signed(), reader.varint()
            offset += tables
            page = data[offset : offset + count]
            entries = self.page(Reader(page if raw == count else lz4_block(page, raw)), tables)
            self.vectors(Reader(data[offset - tables : offset]), entries)
            assert entries[0]["series"] == first and entries[-1]["series"] == series
            self.entries += entries
            offset += count
        assert offset == top
        self.listed = []
        listed = reader.varint()
        while len(self.listed) < listed:
            self.listed += ints(reader, min(8192, listed - len(self.listed)))
        assert not listed or self.listed == sorted({entry["series"] for entry in self.entries})
        self.encodings = [(reader.text(), reader.varint()) for _ in range(reader.varint())]
        assert reader.at == len(reader.data)
        assert sum(entry["samples"] for entry in self.entries) == self.samples
        assert len(self.entries) == self.blocks

    @staticmethod
    def page(reader, tables):
        n, pieces = reader.varint(), reader.varint()
        extents, end = [], 0
        for gap, count in zip(ints(reader, pieces), ints(reader, pieces)):
            extents.append((end + gap, count))
            end += gap + count
        reader.take(8 * pieces)
        columns = [ints(reader, n) for _ in range(10)]
        if tables:
            reader.fixed("Q")
        entries, rows, block, statistics = [], {}, 0, Statistics()
        for series, samples, first, span, commit, commits, step, times, marks, length in zip(*columns):
            before = entries[-1] if entries else {"series": 0, "first": 0}
            entry = {"series": before["series"] + series, "samples": samples + 1, "table": length}
            is_same = entries and series == 0
            entry["first"] = wrap((before["last"] if is_same else before["first"]) + first)
            entry["last"] = wrap(entry["first"] + span)
            entry["commits"] = [commit, commit + commits]
            block += step
            entry["block"], entry["times"] = extents[block], extents[times - 1] if times else None
            entry["row"] = rows.get(block, 0)
            rows[block] = entry["row"] + entry["samples"]
            assert marks < 4
            entry["versions"] = marks & 2 != 0
            if marks & 1:
                entry["statistics"] = statistics.row(reader, entry["samples"])
            entries.append(entry)
        assert reader.at == len(reader.data)
        return entries

    @staticmethod
    def vectors(reader, entries):
        for entry in entries:
            if not entry["table"]:
                continue
            table = Reader(reader.take(entry["table"]))
            counts = [min(1024, entry["samples"] - at) for at in range(0, entry["samples"], 1024)]
            flags = table.byte()
            step = (entry["last"] - entry["first"]) // max(entry["samples"] - 1, 1) + table.signed()
            times = ints(table, 2 * len(counts) - 2) + [None]
            if flags:
                lowest, spans = ints(table, len(counts)), ints(table, len(counts))
            statistics, first, entry["vectors"] = Statistics(), entry["first"], []
            for index, count in enumerate(counts):
                is_last = index == len(counts) - 1
                last = entry["last"] if is_last else wrap(first + step * (count - 1) + times[2 * index])
                row = {"samples": count, "first": first, "last": last, "commits": entry["commits"]}
                if flags:
                    low = entry["commits"][0] + lowest[index]
                    row["commits"] = [low, low + spans[index]]
                row["statistics"] = statistics.row(table, count)
                entry["vectors"].append(row)
                if not is_last:
                    first = wrap(last + step + times[2 * index + 1])
            assert table.at == len(table.data)
        assert reader.at == len(reader.data)

    def decode(self, entry, kind):
        """(time, value, state, commit) of each sample."""
        offset, count = entry["block"]
        block = Reader(self.data[offset : offset + count])
        head = block.varint()
        n = block.varint() if head & 1 else entry["samples"]
        times = block.take(head >> 1)
        if entry["times"]:
            offset, count = entry["times"]
            times = self.data[offset : offset + count]
        times = column(times, n, integers)
        sizes = block.varint(), block.varint()
        body = {"double": doubles, "string": texts, "json": texts}.get(kind, integers)
        values = column(block.take(sizes[0]), n, body)
        states = column(block.take(sizes[1]), n, integers)
        commits = column(block.rest(), n, integers)
        samples = list(zip(times, values, states, commits))[entry["row"] : entry["row"] + entry["samples"]]
        self.compare(entry, samples, kind)
        for index, vector in enumerate(entry.get("vectors", [])):
            self.compare(vector, samples[index * 1024 : index * 1024 + 1024], kind)
        return samples

    @staticmethod
    def compare(entry, samples, kind):
        """What the index says of some samples is true."""
        commits = [commit for _, _, _, commit in samples]
        assert (samples[0][0], samples[-1][0]) == (entry["first"], entry["last"])
        assert [min(commits), max(commits)] == entry["commits"] and len(samples) == entry["samples"]
        if "versions" in entry:
            assert entry["versions"] == any(a[0] == b[0] for a, b in zip(samples, samples[1:]))
        row = entry.get("statistics")
        if not row:
            return
        assert row["good"] == sum(state & 0xFFFFFFFF == 0 for _, _, state, _ in samples)
        assert row["one quality"] == (len({state & ~(1 << 33) for _, _, state, _ in samples}) == 1)
        values = [value for _, value, state, _ in samples if not state >> 33 & 1]
        assert row["present"] == len(values)
        if kind in ("string", "json"):
            assert row["numeric"] == 0
            return
        numbers = [struct.unpack("<d", struct.pack("<Q", v))[0] for v in values] if kind == "double" else values
        pairs = [(n, v & MASK) for n, v in zip(numbers, values) if n == n]
        assert row["numeric"] == len(pairs)
        if not pairs:
            return
        assert (row["first value"], row["last value"]) == (pairs[0][1], pairs[-1][1])
        order = sorted(pairs, key=lambda pair: (pair[0], math.copysign(1, pair[0])))
        assert (row["minimum"], row["maximum"]) == (order[0][1], order[-1][1])
        finite = [number for number, _ in pairs if not math.isinf(number)]
        infinities = [number for number, _ in pairs if math.isinf(number)]
        assert row["infinities"] == (infinities.count(math.inf), infinities.count(-math.inf))
        if "sum" in row:
            nearest, rest, exponent = row["sum"]
            total = Fraction(struct.unpack("<d", struct.pack("<Q", nearest))[0])
            total += Fraction(rest) * Fraction(2) ** (exponent - 1074)
            assert total == sum(map(Fraction, finite))


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
