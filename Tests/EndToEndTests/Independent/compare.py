"""Compares what Varve printed with the independent calculation.

Reads a JSON object from stdin: {"file": CSV, "checks": [{"kind": "rows" | "hours" | "texts" | "held",
"output": CSV of varve, "device"?, "point"?, "from"?, "to"?, "hold"? (nanoseconds)}]} and prints one: {"counts", "first", "last", "unit", "visible",
"checks": [{"rows", "problem"}]}, where a problem is the first difference or null.
"""

import csv
import itertools
import json
import math
import struct
import sys
from fractions import Fraction

from rules import History, date_time

HOUR = 3600 * 10**9


def number(bits):
    return struct.unpack("<d", bits)[0]


def same_double(bits):
    """The bits of a NaN's sign and payload have no text, so all NaN are one."""
    return "nan" if math.isnan(number(bits)) else bits


def read_value(text, kind):
    if kind == "string":
        return text
    if text == "":
        return None
    return int(text) if kind == "int64" else same_double(struct.pack("<d", float(text)))


def expected_rows(history, check):
    for device, point, time, value, quality in history.samples(*scope(check)):
        kind = history.types[point]
        if value is None:
            value = "" if kind == "string" else None
        elif kind == "double":
            value = same_double(value)
        yield device, point, time, value, quality


def actual_rows(history, lines):
    for device, point, time, value, quality in lines:
        if not time.endswith("Z"):
            raise ValueError(f"{time} is not UTC")
        yield (device, point, date_time(time), read_value(value, history.types[point]),
               int(quality) if quality else None)


def scope(check):
    return check.get("device"), check.get("point"), check.get("from"), check.get("to")


def exact_sum(values):
    """The sum as a fraction, as a double is an integer over a power of two; with infinities as a float."""
    endless = {value for value in values if math.isinf(value)}
    if endless:
        return sum(endless)
    parts = [value.as_integer_ratio() for value in values]
    bottom = max(part[1] for part in parts)
    return Fraction(sum(top * (bottom // below) for top, below in parts), bottom)


def rounded(exact):
    """The nearest double, ties to even, as division of integers gives it."""
    try:
        return same_double(struct.pack("<d", float(exact)))
    except OverflowError:
        return struct.pack("<d", math.inf if exact > 0 else -math.inf)


def in_order(value):
    """A key by which -0 comes before 0."""
    return value, math.copysign(1, value)


def figures(values, kind):
    """avg, min, max, sum, count, first, last of numbers in a bucket that is not empty."""
    ends = min(values, key=in_order), max(values, key=in_order), values[0], values[-1]
    total = exact_sum(values)
    average = rounded(total / len(values))
    if kind == "int64":
        return average, ends[0], ends[1], int(total), len(values), ends[2], ends[3]
    least, most, first, last = (struct.pack("<d", end) for end in ends)
    return average, least, most, rounded(total), len(values), first, last


def expected_hours(history, check):
    """Hours of numbers: texts have none of most figures and are left out."""
    for (device, point), series in itertools.groupby(history.samples(*scope(check)), lambda row: row[:2]):
        kind = history.types[point]
        if kind == "string":
            continue
        for hour, rows in itertools.groupby(series, lambda row: row[2] // HOUR):
            values = [number(row[3]) if kind == "double" else row[3] for row in rows if row[3] is not None]
            values = [value for value in values if value == value]
            if values:
                yield device, point, hour * HOUR, *figures(values, kind)


def actual_hours(history, lines):
    for device, point, time, average, least, most, total, count, first, last in lines:
        kind = history.types[point]
        cells = [read_value(cell, kind) for cell in (least, most, total)]
        ends = [read_value(cell, kind) for cell in (first, last)]
        yield (device, point, date_time(time), read_value(average, "double"), *cells, int(count), *ends)


def expected_texts(history, check):
    for (device, point), series in itertools.groupby(history.samples(*scope(check)), lambda row: row[:2]):
        for hour, rows in itertools.groupby(series, lambda row: row[2] // HOUR):
            values = [row[3] for row in rows if row[3] is not None]
            if values:
                yield device, point, hour * HOUR, len(values), values[0], values[-1]


def actual_texts(history, lines):
    for device, point, time, count, first, last in lines:
        yield device, point, date_time(time), int(count), first, last


def expected_held(history, check):
    """Every hour of a range of one series of numbers: how many values, their average over time, the last that holds."""
    device, point, start, end = scope(check)
    kind = history.types[point]
    values = [(row[2], number(row[3]) if kind == "double" else row[3])
              for row in history.samples(device, point) if row[3] is not None]
    values = [(time, value) for time, value in values if value == value]
    ends = [min(following, time + check.get("hold", 2**63))
            for (time, _), following in zip(values, [time for time, _ in values[1:]] + [end])]
    next_value = 0
    for hour in range(start // HOUR, (end - 1) // HOUR + 1):
        first, last = max(hour * HOUR, start), min(hour * HOUR + HOUR, end)
        # Values whose hold ended before this hour are of no more use, but the last of them was the last one.
        while next_value < len(values) - 1 and values[next_value + 1][0] <= first:
            next_value += 1
        weighted, weight, count, held = [], 0, 0, None
        for index in range(next_value, len(values)):
            time, value = values[index]
            if time >= last:
                break
            count += time >= first
            span = min(ends[index], last) - max(time, first)
            if span > 0:
                weighted.append((value, span))
                weight += span
            if span > 0 or time >= first:
                held = value
        infinite = {value for value, _ in weighted if math.isinf(value)}
        average = None
        if infinite:
            average = same_double(struct.pack("<d", sum(infinite)))
        elif weight:
            average = rounded(sum(Fraction(value) * span for value, span in weighted) / weight)
        if kind == "double" and held is not None:
            held = same_double(struct.pack("<d", held))
        yield device, point, hour * HOUR, count, average, held


def actual_held(history, lines):
    for device, point, time, count, average, last in lines:
        yield (device, point, date_time(time), int(count), read_value(average, "double"),
               read_value(last, history.types[point]))


def run(history, check):
    """The number of equal rows and the first difference, if there is one."""
    reader, writer, columns = {
        "rows": (actual_rows, expected_rows, "value,quality"),
        "hours": (actual_hours, expected_hours, "avg,min,max,sum,count,first,last"),
        "texts": (actual_texts, expected_texts, "count,first,last"),
        "held": (actual_held, expected_held, "count,twa,last"),
    }[check["kind"]]
    with open(check["output"], encoding="utf-8", newline="") as file:
        lines = csv.reader(file)
        header = next(lines, None)
        if header != ["device", "point", "time", *columns.split(",")]:
            return {"rows": 0, "problem": f"the header is {header}"}
        rows = 0
        for actual, expected in itertools.zip_longest(reader(history, lines), writer(history, check)):
            if actual != expected:
                return {"rows": rows, "problem": f"row {rows + 1} is {actual} and must be {expected}"}
            rows += 1
    return {"rows": rows, "problem": None}


def main():
    request = json.load(sys.stdin)
    history = History(request["file"])
    json.dump({
        "counts": history.counts, "first": history.first, "last": history.last, "unit": history.unit,
        "visible": sum(map(len, history.series.values())),
        "checks": [run(history, check) for check in request["checks"]],
    }, sys.stdout)


main()
