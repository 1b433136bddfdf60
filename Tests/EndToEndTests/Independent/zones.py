"""What clocks show and when they are changed, asked of Python's zoneinfo alone.

Times are whole seconds: a moment since 1970 UTC, a local time since its own 1970-01-01 00:00.
"""

import datetime
import functools
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
