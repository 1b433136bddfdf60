"""Writes a CSV file with everything that a row can be: `generate.py SEED ROWS OUT`.

Points of every type, rows out of order, repeated and corrected, missing with and without a quality, times with
offsets and fractions, names and texts beyond ASCII, and rows that must be rejected.
"""

import datetime
import gzip
import random
import sys

START = datetime.datetime(2024, 1, 1, tzinfo=datetime.timezone.utc)


def time_text(random, second):
    offset = random.choice((0, 0, 0, 60, 120, -420, 345))
    zone = datetime.timezone(datetime.timedelta(minutes=offset))
    moment = (START + datetime.timedelta(seconds=second)).astimezone(zone)
    text = moment.strftime("%Y-%m-%d" + random.choice(("T", "T", " ")) + "%H:%M:%S")
    fraction = random.choice(("", "", ".5", ".000000001", ".250"))
    return text + fraction + ("Z" if offset == 0 else offset_text(offset))


def offset_text(offset):
    sign = "-" if offset < 0 else "+"
    return f"{sign}{abs(offset) // 60:02}:{abs(offset) % 60:02}"


def value_text(random, point):
    if point == "state":
        return random.choice(("idle", "running", "Störung", "7", "", "nan"))
    if point == "counter":
        return str(random.choice((0, 9007199254740993, -9223372036854775808, random.getrandbits(62))))
    if point == "flow":
        return random.choice(("1e-300", "-0.0", "0", "inf", "NaN", "1.7976931348623157e308", "0.1", "+.5", "5."))
    return random.choice(("", repr(random.gauss(20, 5)), f"{random.gauss(20, 5):.2f}", str(random.randrange(9))))


def bad_row(random, device):
    return random.choice((
        f"{device},temperature,yesterday,1,0",
        f"{device},temperature,2024-02-30T00:00:00Z,1,0",
        f"{device},temperature,1500-01-01T00:00:00Z,1,0",
        f"{device},temperature,2024-01-01T00:00:00Z,1,good",
        f"{device},temperature,2024-01-01T00:00:00Z,1",
        ",temperature,2024-01-01T00:00:00Z,1,0",
        f"{device},temperature,2024-01-01T00:00:00Z,1,0,more",
    ))


def main():
    seed, count, path = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    source = random.Random(seed)
    opener = gzip.open if path.endswith(".gz") else open
    with opener(path, "wt", encoding="utf-8", newline="") as file:
        file.write("device,point,time,value,quality\n")
        earlier = []
        for index in range(count):
            device = source.choice(("pump 1", "pump 2", "Käfer"))
            if earlier and source.random() < 0.15:
                *place, value, quality = source.choice(earlier)
                if source.random() < 0.5:
                    value = value_text(source, place[1])
            elif source.random() < 0.01:
                file.write(bad_row(source, device) + "\n")
                continue
            else:
                point = source.choice(("temperature", "state", "counter", "flow"))
                second = index if source.random() < 0.9 else source.randrange(count)
                place = (device, point, time_text(source, second))
                value, quality = value_text(source, point), source.choice(("", "0", "1", "-5"))
                earlier.append((*place, value, quality))
            file.write(",".join((*place, value, quality)) + "\n")


main()
