"""The rules of an import, written a second time and from the documents alone.

Reads a CSV file, plain or .gz, and says what a store must hold after `varve import --register` of it into an
empty directory: the counts and the visible samples of each series. Shares no code with Varve.
"""

import csv
import datetime
import gzip
import math
import re
import struct

DATE = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d+))?(Z|z|([+-])(\d\d):?(\d\d))?", re.ASCII)
INTEGER = re.compile(r"[+-]?\d+", re.ASCII)
NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|[+-]?(?:nan|inf|infinity)", re.ASCII | re.I)
EPOCH = datetime.date(1970, 1, 1).toordinal()
UNITS = (("s", 10**9), ("ms", 10**6), ("us", 10**3), ("ns", 1))


def is_time(nanoseconds):
    return -(2**63) <= nanoseconds < 2**63


def date_time(text):
    """Nanoseconds since 1970 UTC, or None."""
    match = DATE.fullmatch(text)
    if not match:
        return None
    year, month, day, hour, minute, second = map(int, match.group(1, 2, 3, 4, 5, 6))
    try:
        days = datetime.date(year, month, day).toordinal() - EPOCH
    except ValueError:
        return None
    if hour > 23 or minute > 59 or second > 60:
        return None
    seconds = days * 86400 + hour * 3600 + minute * 60 + second
    if match.group(9):
        offset = int(match.group(10)) * 3600 + int(match.group(11)) * 60
        seconds -= -offset if match.group(9) == "-" else offset
    fraction = match.group(7) or ""
    if fraction[9:].strip("0"):
        return None
    nanoseconds = seconds * 10**9 + int(fraction[:9].ljust(9, "0"))
    return nanoseconds if is_time(nanoseconds) else None


def unit_of(magnitude):
    """The coarsest unit in which an integer time can be stored."""
    for name, factor in UNITS:
        if magnitude <= 9_223_372_036 * (10**9 // factor):
            return name
    return "ns"


def kind_of(text):
    """What a value shows about its point."""
    if text == "" or text.lower() == "null":
        return "missing"
    if not NUMBER.fullmatch(text):
        return "text"
    if INTEGER.fullmatch(text):
        size = int(text)
        return "whole" if abs(size) <= 2**53 else "big" if is_time(size) else "text"
    if "n" not in text.lower() and not math.isfinite(float(text)):
        return "text"
    return "decimal"


def type_of(kinds):
    if "text" in kinds or {"big", "decimal"} <= kinds:
        return "string"
    return "int64" if "big" in kinds else "double"


def value_of(text, kind):
    """A value as something that is equal only where every bit is."""
    if text == "" or text.lower() == "null":
        return None
    if kind == "string":
        return text
    return int(text) if kind == "int64" else struct.pack("<d", float(text))


class History:
    """What a file leaves in an empty store."""

    def __init__(self, path):
        self.counts = dict.fromkeys(
            ("rows", "samples", "accepted", "identical", "corrected", "superseded", "rejected", "skipped",
             "expired", "replayed"), 0)
        self.series = {}
        self.types = {}
        self.unit = None
        self.first = self.last = None
        self.times = {}
        usable, kinds = self.read(path)
        self.types = {point: type_of(seen) for point, seen in kinds.items()}
        self.apply(usable)

    def read(self, path):
        opener = gzip.open if path.endswith(".gz") else open
        rows, integers, usable, kinds = [], set(), [], {}
        with opener(path, "rt", encoding="utf-8-sig", newline="") as file:
            lines = csv.reader(file)
            header = next(lines)
            places = [header.index(name) for name in ("device", "point", "time", "value")]
            quality = header.index("quality") if "quality" in header else None
            for row in lines:
                if not row:
                    continue
                self.counts["rows"] += 1
                self.counts["samples"] += 1
                if len(row) != len(header):
                    self.counts["rejected"] += 1
                    continue
                device, point, time, value = (row[place] for place in places)
                rows.append((device, point, time, value, "" if quality is None else row[quality]))
                if time not in self.times:
                    whole = INTEGER.fullmatch(time)
                    self.times[time] = ("whole", int(time)) if whole else ("date", date_time(time))
        for device, point, time, value, quality in rows:
            form, number = self.times[time]
            code = None if quality in ("", "null") else quality
            if code is not None:
                code = int(code) if INTEGER.fullmatch(code) and -(2**31) <= int(code) < 2**31 else "bad"
            if number is None or not device or not point or code == "bad":
                self.counts["rejected"] += 1
                continue
            if form == "whole" and number != 0:
                integers.add(unit_of(abs(number)))
            usable.append((device, point, form, number, value, code))
            kinds.setdefault(point, set()).add(kind_of(value))
        assert len(integers) <= 1, integers
        self.unit = integers.pop() if integers else "rfc3339"
        return usable, kinds

    def apply(self, usable):
        factor = dict(UNITS).get(self.unit, 1)
        for device, point, form, number, text, quality in usable:
            time = number * factor if form == "whole" else number
            value = value_of(text, self.types[point])
            if value is None and quality is None:
                self.counts["skipped"] += 1
                continue
            self.first = time if self.first is None else min(self.first, time)
            self.last = time if self.last is None else max(self.last, time)
            samples = self.series.setdefault((device, point), {})
            if time not in samples:
                self.counts["accepted"] += 1
            elif samples[time] == (value, quality):
                self.counts["identical"] += 1
                continue
            else:
                self.counts["corrected"] += 1
            samples[time] = (value, quality)

    def samples(self, device=None, point=None, start=None, end=None):
        """Visible samples by device, point and time: (device, point, time, value, quality)."""
        for key in sorted(self.series, key=lambda key: (key[0].encode(), key[1].encode())):
            if device not in (None, key[0]) or point not in (None, key[1]):
                continue
            samples = self.series[key]
            for time in sorted(samples):
                if (start is None or time >= start) and (end is None or time < end):
                    yield (*key, time, *samples[time])
