"""What imports must make of local times, by the rules in VarveTransfer's documents and Python's zoneinfo."""

import dataclasses
import itertools

import zones


@dataclasses.dataclass
class Line:
    """What a logger writes at one time."""
    text: str
    local: int
    fraction: int
    # When it was in nanoseconds, or None for a time that no clock shows.
    truth: object
    # "local", "day" for a text that means the first moment of a day, or "offset" for one that says its offset.
    kind: str = "local"
    # Value and quality of each point.
    cells: dict = dataclasses.field(default_factory=dict)


def sign(number):
    return (number > 0) - (number < 0)


def step(a, b):
    """1 where time goes on from one row to the next, -1 where it goes back."""
    first, second = ((row.local, row.fraction) for row in (a, b))
    return (second > first) - (second < first)


def steps(rows):
    """How many steps lead up, and how many down."""
    all_steps = [step(a, b) for a, b in itertools.pairwise(rows)]
    return all_steps.count(1), all_steps.count(-1)


def direction_of(up, down, share=0):
    """1 or -1 for the way of most steps; 0 where neither has more, or the lesser way has more than a share of them."""
    return sign(up - down) if min(up, down) * share <= max(up, down) else 0


def runs_of(rows, point, direction, joins):
    """The number of the run of each row."""
    runs = [0]
    for a, b in itertools.pairwise(rows):
        is_equal = joins and step(a, b) == 0 and a.cells[point] == b.cells[point]
        runs.append(runs[-1] + (0 if is_equal or step(a, b) == direction else 1))
    return runs


class Series:
    """The rows of one point and what must become of them."""

    def __init__(self, device, point, zone, lines, has_changes):
        self.device, self.point, self.zone, self.lines = device, point, zones.zone_of(zone), lines
        self.has_changes = has_changes
        self.results = [None] * len(lines)
        # Rows that wait for the end of the file.
        self.late = set()
        self.repeated = self.missing = self.clear = 0
        self.stretches = {}
        # The rows in their order with the repeated hour that each is of, or None.
        self.path = []
        # The part of the series that each row is of: rows of one repeated hour that follow each other are one part.
        self.parts = [0] * len(lines)

    def place_plain_rows(self, repeated, missing):
        """Rows that need nothing but themselves."""
        for index, line in enumerate(self.lines):
            if line.kind == "offset":
                self.results[index] = line.truth
                continue
            found = zones.moments_of(self.zone, line.local)
            if len(found) == 1:
                self.append_to_path(index, None)
            if line.kind == "day":
                start = zones.first_moment(self.zone, line.local)
                self.results[index] = None if start is None else start * 10**9
                self.missing += start is None
            elif len(found) == 1:
                self.results[index] = found[0] * 10**9 + line.fraction
            elif not found:
                self.missing += 1
                before = zones.offset_at(self.zone, line.local - 2 * zones.DAY)
                if missing == "shift":
                    self.results[index] = (line.local - before) * 10**9 + line.fraction
            elif repeated in ("first", "second"):
                self.repeated += 1
                self.results[index] = found[repeated == "second"] * 10**9 + line.fraction
            else:
                self.repeated += 1
                self.late.add(index)
                key = zones.changes_between(self.zone, found[0], found[1])[0][0]
                self.stretches.setdefault(key, []).append(index)
                self.append_to_path(index, key)

    def append_to_path(self, index, hour):
        """Takes the next row."""
        goes_on = hour is not None and self.path and self.path[-1][1] == hour
        self.parts[index] = self.parts[self.path[-1][2]] if goes_on else len(self.path) + 1
        self.path.append((self.lines[index], hour, index))

    def steps(self):
        """The steps between rows, those inside of a repeated hour left out."""
        pairs = [(a[0], b[0]) for a, b in itertools.pairwise(self.path) if a[1] is None or a[1] != b[1]]
        every = [step(a, b) for a, b in pairs]
        return every.count(1), every.count(-1)

    def place_repeated_hours(self, file):
        """Rows of hours that come twice; `file` has the steps of all rows of the file."""
        own = self.steps()
        around = own if any(own) else file
        for change, indexes in self.stretches.items():
            rows = [self.lines[index] for index in indexes]
            direction = 0 if any(own) else direction_of(*steps(rows))
            direction = direction or (direction_of(*around, share=3) if any(around) else 1)
            if direction == 0:
                continue
            runs = runs_of(rows, self.point, direction, False)
            joined = runs_of(rows, self.point, direction, True)
            # Only a row twice beside itself parts the runs: that is no pass, unless there are no other rows.
            # A line between passes belongs to another part of the history.
            is_parted = len({self.parts[index] for index in indexes}) > 1
            is_copy = runs[-1] == 1 and joined[-1] == 0 and len(rows) > 2
            if runs[-1] > 1 or is_copy:
                runs = joined
            if runs[-1] == 1 and not is_parted:
                for index, row, run in zip(indexes, rows, runs):
                    found = zones.moments_of(self.zone, row.local)
                    self.results[index] = found[(run == 0) != (direction == 1)] * 10**9 + row.fraction
            self.check(change * 10**9, indexes, rows, direction)

    def check(self, change, indexes, rows, direction):
        """Nothing is moved; and where the second pass begins before the first one ends, nothing is lost."""
        ordered = rows[::direction]
        first = [row for row in ordered if row.truth < change]
        second = [row for row in ordered if row.truth >= change]
        if ordered != first + second:
            return
        # Two rows alone may be hourly data, or one row twice.
        for index in indexes if len(rows) > 2 else ():
            assert self.results[index] in (None, self.lines[index].truth), (self.device, self.lines[index])
        if not first or not second:
            return
        a, b = first[-1], second[0]
        if step(a, b) > 0 or a.cells[self.point] == b.cells[self.point]:
            return
        self.clear += 1
        for index in indexes:
            assert self.results[index] == self.lines[index].truth, (self.device, self.point, self.lines[index])
