"""Local times around clock changes, and what imports must make of them: `local_times.py SEED FOLDER`.

A series begins as moments of UTC. What the clocks of its zone show then is written to files as loggers write it: up
or down, with rows twice, with one pass of a repeated hour left out, with hours that do not exist. What becomes of
each row is calculated by the documented rules from Python's zoneinfo; where these rules tell the passes apart, the
result is checked to be the moments that the series began with.

Prints the commands to run and the counts of their receipts; `expected.csv` in the folder is the export after them.
"""

import csv
import io
import itertools
import json
import random
import sys

import zones
from local_rules import Line, Series, steps

# The zones with years in which they do what few zones do.
YEARS = {
    "Europe/Paris": (1911, 1940, 2014), "America/New_York": (1918, 2007), "America/Sao_Paulo": (1985, 2018, 2019),
    "Australia/Lord_Howe": (1981, 1985, 2014), "Pacific/Apia": (2010, 2011), "Asia/Tehran": (1977, 2006, 2022),
    "Africa/Casablanca": (2013, 2024, 2030), "America/St_Johns": (1988, 2011), "Europe/Dublin": (1968, 1971, 2014),
    "Antarctica/Troll": (2014, 2050), "Asia/Kathmandu": (1920, 1986), "Pacific/Chatham": (1957, 2014),
    "America/Caracas": (2007, 2016), "Atlantic/Azores": (1983, 1992, 1993), "Europe/Lisbon": (1912, 1992, 1996),
    "Pacific/Kwajalein": (1969, 1993), "Africa/Monrovia": (1972,), "America/Scoresbysund": (2024,),
    "Asia/Gaza": (2011, 2023), "Asia/Pyongyang": (2015, 2018), "Europe/London": (1947, 1968), "CET": (2014,),
    "Asia/Kolkata": (1945,), "Africa/Cairo": (2010, 2014), "EST": (), "Etc/GMT-3": (), "-03:30": (), "UTC": (),
}
# The seconds between two lines.
STEPS = (60, 300, 600, 900, 1200, 1800, 3600, 5400, 10_800, 14_400)
VALUES = itertools.count(1)


# MARK: Writing

def clock_text(source, local, fraction, digits):
    date = zones.shown(local)
    if digits and fraction:
        end = f"{fraction // 10**6:03}" if source.random() < 0.5 else f".{fraction:09}".rstrip("0")
        return date.strftime("%Y%m%d%H%M%S") + end
    if digits:
        return date.strftime("%Y%m%d%H%M" if date.second == 0 and source.random() < 0.5 else "%Y%m%d%H%M%S")
    if fraction == 0 and source.random() < 0.1:
        return date.strftime("%Y%m%dT%H%M%S")
    text = date.strftime("%Y-%m-%d" + source.choice("T  ") + "%H:%M")
    if fraction == 0 and date.second == 0 and source.random() < 0.5:
        return text
    part = f"{source.choice('..,')}{fraction:09}".rstrip("0") if fraction else ""
    return text + date.strftime(":%S") + part


def day_text(source, day, digits):
    date, before = zones.shown(day), zones.shown(day - zones.DAY)
    if digits:
        return date.strftime("%Y%m%d")
    return source.choice((date.strftime("%Y-%m-%d"), before.strftime("%Y-%m-%d 24:00"),
                          before.strftime("%Y-%m-%dT24:00:00")))


def lines_around(source, zone, change, digits):
    """What a logger writes around a change, ascending."""
    moment, before, after = change
    size = max(abs(after - before), 3600)
    step = source.choice([one for one in STEPS if 2 < size * 6 / one < 60])
    first = (moment + before - size * source.randrange(1, 4)) // step * step - before
    lines = []
    is_uneven = source.random() < 0.4
    for at in range(first, moment + size * 3, step):
        second = at + source.randrange(step * 3 // 4) if is_uneven else at
        # Digits end at milliseconds.
        fractions = (0, 500_000_000, 25_000_000) if digits else (0, 500_000_000, 1, 250_000)
        fraction = source.choice(fractions) if is_uneven else 0
        local = second + zones.offset_at(zone, second)
        text, kind = clock_text(source, local, fraction, digits), "local"
        if not digits and source.random() < 0.03:
            text, kind = zones.shown(second).strftime("%Y-%m-%dT%H:%M:%S") + f".{fraction:09}Z", "offset"
        lines.append(Line(text, local, fraction, second * 10**9 + fraction, kind))
    for day in range(lines[0].local // zones.DAY * zones.DAY, lines[-1].local + zones.DAY, zones.DAY):
        start = zones.first_moment(zone, day)
        known = [line for line in lines if start is not None and line.truth == start * 10**9]
        if source.random() < 0.5 and not known and (start is None or first <= start < moment + size * 3):
            truth = None if start is None else start * 10**9
            lines.append(Line(day_text(source, day, digits), day, 0, truth, "day"))
    if after > before:
        for _ in range(source.randrange(4)):
            local = source.randrange(moment + before, moment + after)
            lines.append(Line(clock_text(source, local, 0, digits), local, 0, None))
    # A time that does not exist is placed where the clock jumps over it.
    def order(line):
        return (moment * 10**9, 0, line.local) if line.truth is None else (line.truth, 1, line.local)
    return sorted(lines, key=order)


def logger(source, zone, points, digits, passes):
    """The lines of one logger in the order of its file."""
    years = [year for year in YEARS[zone] if year >= 1902] + source.sample(range(1905, 2090), 3)
    place = zones.zone_of(zone)
    changes = [one for year in source.sample(years, 3) for one in zones.changes_of_year(place, year)]
    near = 4 * zones.DAY
    alone = [one for one in changes if len(zones.changes_between(place, one[0] - near, one[0] + near)) == 1]
    if not alone:
        start = source.randrange(0, 2 * 10**9)
        alone = [(start, zones.offset_at(place, start), zones.offset_at(place, start))]
    lines = []
    for change in sorted(set(source.sample(alone, min(2, len(alone))))):
        written = lines_around(source, place, change, digits)
        choice = passes or source.choices(("both", "first", "second"), (6, 1, 1))[0]
        if choice != "both":
            written = [line for line in written if not is_twice(place, line) or (choice == "first") ==
                       (line.truth < change[0] * 10**9)]
        if not passes and source.random() < 0.2:
            written = [line for line in written if is_twice(place, line)] or written
        lines += written
    for line in lines:
        for point in points:
            value = "" if source.random() < 0.05 else f"{next(VALUES)}.5"
            line.cells[point] = (value, source.choice(("", "", "7")))
    if source.random() < 0.5:
        lines = [line for line in lines for _ in range(1 if source.random() < 0.9 else source.choice((2, 3)))]
    if not passes and source.random() < 0.05:
        source.shuffle(lines)
    return lines[::-1] if source.random() < 0.5 else lines


def is_twice(zone, line):
    return line.kind == "local" and len(zones.moments_of(zone, line.local)) == 2


# MARK: Files

class Plan:
    """The commands and what the store must hold after them."""

    def __init__(self, folder, source):
        self.folder, self.source = folder, source
        self.steps, self.samples, self.devices = [], {}, []
        self.clear = 0
        self.number = itertools.count(1)

    def add(self, form, loggers, options, zone_column=True, repeated="order", missing="reject", digits=False):
        """Writes a file of some loggers (zone, text of the zone's cell, device or None) and plans its import."""
        source, number = self.source, next(self.number)
        passes = repeated if repeated != "order" else None
        queues, every = [], []
        for index, (zone, cell, name) in enumerate(loggers):
            device = name or f"{form}-{number}-{index}"
            for points in (("p", "q"),) if form == "wide" else (("p",), ("q",)):
                lines = logger(source, zone, points, digits, passes)
                series = [Series(device, point, zone, lines, has_changes=bool(YEARS[zone])) for point in points]
                queues.append([(device, points, line, cell, series, at) for at, line in enumerate(lines)])
                every += series
        rows = []
        while queues:
            queue = source.choice(queues)
            count = source.randrange(1, 40)
            rows += queue[:count]
            del queue[:count]
            queues = [one for one in queues if one]
        path = f"{self.folder}/{number}.{'ndjson' if form == 'ndjson' else 'csv'}"
        with open(path, "w", encoding="utf-8", newline="") as file:
            file.write(self.text(form, rows, zone_column))
        for one in every:
            one.place_plain_rows(repeated, missing)
        # Rows of zones without changes do not count.
        total = [sum(both) for both in zip(*(one.steps() for one in every if one.has_changes))] or [0, 0]
        for one in every:
            one.place_repeated_hours(total)
            self.clear += one.clear
        arguments = ["import", "--register", "--product", "plant", "--json", "--quiet"] + options
        arguments += (["--wide"] if form == "wide" else []) + (["--tz-column", "zone"] if zone_column else [])
        self.steps.append({"arguments": arguments + [path], "counts": self.count(rows, every)})

    def text(self, form, rows, zone_column):
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        zone = ["zone"] if zone_column else []
        if form == "wide":
            writer.writerow(["time", "device", "p", "q"] + zone)
        elif form == "long":
            writer.writerow(["device", "point", "time", "value", "quality"] + zone)
        for device, points, line, cell, _, _ in rows:
            last = [cell] if zone_column else []
            if form == "wide":
                writer.writerow([line.text, device] + [line.cells[point][0] for point in points] + last)
                continue
            value, quality = line.cells[points[0]]
            if form == "long":
                writer.writerow([device, points[0], line.text, value, quality] + last)
                continue
            row = {"device": device, "point": points[0], "time": line.text, "value": float(value) if value else None}
            row |= ({"quality": int(quality)} if quality else {}) | ({"zone": cell} if last else {})
            out.write(json.dumps(row) + "\n")
        return out.getvalue()

    def count(self, rows, every):
        """The counts of the receipt; rows of repeated hours come last."""
        names = ("samples", "accepted", "identical", "corrected", "rejected", "skipped")
        counts = dict.fromkeys(names, 0) | {"rows": len(rows), "superseded": 0, "expired": 0, "replayed": 0}
        empty = {"repeatedRows": 0, "missingRows": 0}
        cells = [(one, line, at) for _, _, line, _, series, at in rows for one in series]
        for one, line, at in sorted(cells, key=lambda cell: cell[2] in cell[0].late):
            value, quality = line.cells[one.point]
            # A wide file has no quality.
            quality = "" if len(line.cells) > 1 else quality
            counts["samples"] += 1
            key = (one.device, one.point, one.results[at])
            if not value and not quality:
                counts["skipped"] += 1
                if one.results[at] is None:
                    # Nothing is lost, so it is no row of such an hour.
                    empty["repeatedRows" if at in one.late else "missingRows"] += 1
            elif one.results[at] is None:
                counts["rejected"] += 1
            else:
                known = self.samples.get(key)
                counts["accepted" if known is None else "identical" if known == (value, quality) else "corrected"] += 1
                self.samples[key] = (value, quality)
        counts["repeatedRows"] = sum(one.repeated for one in every) - empty["repeatedRows"]
        counts["missingRows"] = sum(one.missing for one in every) - empty["missingRows"]
        return counts


def main():
    seed, folder = int(sys.argv[1]), sys.argv[2]
    source = random.Random(seed)
    plan = Plan(folder, source)
    # The zone in a column.
    for form in ("long", "wide", "ndjson"):
        plan.add(form, [(zone, zone, None) for zone in YEARS], [])
    # The zone of the command, over that of the device.
    for number, zone in enumerate(YEARS):
        form = ("long", "wide", "ndjson")[(number + seed) % 3]
        digits = form != "ndjson" and source.random() < 0.5
        plan.add(form, [(zone, "", None)] * 2, [f"--tz={zone}"], zone_column=False, digits=digits)
    # The zone of the device, under that of a cell.
    devices = [(zone, f"own-{index}") for index, zone in enumerate(YEARS) if zone != "UTC"]
    with open(f"{folder}/devices.csv", "w", encoding="utf-8") as file:
        file.write("device,product,timezone\n" + "".join(f"{name},plant,{zone}\n" for zone, name in devices))
    plan.steps.append({"arguments": ["device", "import", f"{folder}/devices.csv"]})
    loggers = [(zone, "", name) for zone, name in devices] + [("UTC", "", None)]
    for form, part in (("long", loggers[::2]), ("ndjson", loggers[1::2])):
        foreign = [(zone, zone, None) for zone in source.sample(list(YEARS), 3)]
        plan.add(form, part + foreign, [])
    # One pass of each repeated hour, and the caller says which.
    for form, repeated in (("long", "first"), ("ndjson", "second"), ("wide", "first"), ("long", "second")):
        missing = source.choice(("shift", "reject"))
        options = ["--repeated-hour", repeated, "--missing-hour", missing]
        plan.add(form, [(zone, zone, None) for zone in YEARS], options, repeated=repeated, missing=missing)
    rows = sorted(key + content for key, content in plan.samples.items())
    with open(f"{folder}/expected.csv", "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("device", "point", "time", "value", "quality"))
        writer.writerows(rows)
    print(json.dumps({"steps": plan.steps, "clear": plan.clear, "samples": len(rows)}))


main()
