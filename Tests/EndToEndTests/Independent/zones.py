"""What clocks show and when they are changed, asked of Python's zoneinfo alone.

`zones.py SEED FILE` writes samples of all zones, a line each: `moment,ZONE,SECONDS,OFFSET`, and
`local,ZONE,SECONDS,OFFSET,OFFSET` with the offsets of fold 0 and 1.

Times are whole seconds: a moment since 1970 UTC, a local time since its own 1970-01-01 00:00.
"""

import datetime
import functools
import random
import sys
import zoneinfo

# The database that Varve reads.
zoneinfo.reset_tzpath(["/usr/share/zoneinfo"])

EPOCH = datetime.datetime(1970, 1, 1)
UTC = datetime.timezone.utc
DAY = 86_400


@functools.cache
def zone_of(name):
    """The zone of that name, or a fixed offset such as -03:30."""
    if name[0] in "+-":
        size = datetime.timedelta(hours=int(name[1:3]), minutes=int(name[4:6]))
        return datetime.timezone(-size if name[0] == "-" else size)
    return zoneinfo.ZoneInfo(name)


def shown(local):
    """A local time as a date without a zone."""
    return EPOCH + datetime.timedelta(seconds=local)


def offset_at(zone, moment):
    """Seconds east of Greenwich at a moment."""
    there = shown(moment).replace(tzinfo=UTC).astimezone(zone)
    return round(there.utcoffset().total_seconds())


def moments_of(zone, local):
    """The moments at which a clock shows a local time, ascending: none, one or two."""
    found = set()
    for fold in (0, 1):
        there = shown(local).replace(tzinfo=zone, fold=fold)
        moment = local - round(there.utcoffset().total_seconds())
        if moment + offset_at(zone, moment) == local:
            found.add(moment)
    return sorted(found)


def changes_between(zone, first, last, step=DAY // 4):
    """The changes of the clock between two moments: moment, offset before and offset after."""
    found = []
    before = offset_at(zone, first)
    for start in range(first, last, step):
        low, high = start, min(start + step, last)
        after = offset_at(zone, high)
        if after == before:
            continue
        while high - low > 1:
            middle = (low + high) // 2
            if offset_at(zone, middle) == before:
                low = middle
            else:
                high = middle
        found.append((high, before, after))
        before = after
    return found


@functools.cache
def changes_of_year(zone, year):
    """The changes of the clock in a year of UTC."""
    first, last = (round((datetime.datetime(one, 1, 1) - EPOCH).total_seconds()) for one in (year, year + 1))
    return changes_between(zone, first, last)


def first_moment(zone, day):
    """The first moment of the local day that begins at a local time, or None where there is no such day."""
    changes = changes_between(zone, day - 2 * DAY, day + 3 * DAY)
    found = [change for change, _, after in changes if day <= change + after < day + DAY]
    return min(found + moments_of(zone, day), default=None)


def write_samples(seed, path):
    """Writes moments and local times, half of them near changes, from long before 1900 to long after 2037."""
    source = random.Random(seed)
    first, last = (round((datetime.datetime(year, 1, 1) - EPOCH).total_seconds()) for year in (1800, 2200))
    with open(path, "w", encoding="utf-8") as file:
        for name in sorted(zoneinfo.available_timezones()):
            zone = zone_of(name)
            start = source.choice((source.randrange(first, last), source.randrange(2 * 10**9)))
            near = [change[0] for change in changes_between(zone, start, start + 2000 * DAY, DAY * 20)]
            for _ in range(20):
                moment = source.randrange(first, last)
                if near and source.random() < 0.5:
                    moment = source.choice(near) + source.choice((-1, 0, 1, source.randrange(-8000, 8000)))
                file.write(f"moment,{name},{moment},{offset_at(zone, moment)}\n")
                local = moment + source.choice((0, offset_at(zone, moment)))
                pair = (shown(local).replace(tzinfo=zone, fold=fold).utcoffset().total_seconds() for fold in (0, 1))
                file.write(f"local,{name},{local},{','.join(str(round(one)) for one in pair)}\n")


if __name__ == "__main__":
    write_samples(int(sys.argv[1]), sys.argv[2])
