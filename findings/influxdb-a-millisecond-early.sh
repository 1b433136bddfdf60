#!/usr/bin/env bash
# InfluxDB's Python clients for versions 2 and 3 turn a datetime into a number
# through floating point and cut off what is behind the point. Asked for
# milliseconds, every eighth reading of a 1 kHz recording gets the millisecond
# before its own - which is its neighbour's, and InfluxDB keeps one value a
# series and time: 1000 readings sent, 875 kept. Tables (data frames) fare the
# same; the old client for version 1 sends every one of them right.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
"${PYTHON:-python3.11}" -m venv "$dir/venv"
"$dir/venv/bin/python" -m pip install -q --disable-pip-version-check \
  influxdb-client==1.50.0 influxdb3-python==0.21.0 influxdb==5.3.2 pandas==3.1.1 numpy==2.4.6
cat > "$dir/show.py" <<'PY'
import sys
from datetime import datetime, timedelta, timezone
from importlib.metadata import version
import pandas as pd
from influxdb.line_protocol import make_line
from influxdb_client import Point as Point2, WritePrecision
from influxdb_client.client.write.dataframe_serializer import data_frame_to_list_of_points
from influxdb_client.client.write_api import PointSettings
from influxdb_client_3 import Point as Point3

print("python", sys.version.split()[0], "|", ", ".join(f"{p} {version(p)}" for p in ("influxdb", "influxdb-client", "influxdb3-python", "pandas")))
epoch = datetime(1970, 1, 1, tzinfo=timezone.utc)
start = datetime(2024, 7, 1, 12, tzinfo=timezone.utc)

def by_point(kind):
    return lambda times, unit: [kind("vibration").field("g", 1.5).time(t, unit).to_line_protocol() for t in times]

def by_frame(times, unit):
    frame = pd.DataFrame({"g": 1.5}, index=pd.DatetimeIndex(times))
    return data_frame_to_list_of_points(frame, PointSettings(), unit, data_frame_measurement_name="vibration")

clients = {
    "influxdb (1.x)": lambda times, unit: [make_line("vibration", fields={"g": 1.5}, time=t,
                                                     precision={"ms": "ms", "us": "u"}[unit]) for t in times],
    "influxdb-client (2.x), points": by_point(Point2),
    "influxdb-client (2.x), data frame": by_frame,
    "influxdb3-python (3.x), points": by_point(Point3),
}
got = {}
for title, unit, tick, step, count in (("1 kHz", "ms", timedelta(milliseconds=1), 1, 1000),
                                       ("100 Hz", "ms", timedelta(milliseconds=1), 10, 1000),
                                       ("20 kHz", "us", timedelta(microseconds=1), 50, 10000)):
    times = [start + i * step * tick for i in range(count)]
    true = [(t - epoch) // tick for t in times]
    for name, lines_of in clients.items():
        sent = [int(line.split()[-1]) for line in lines_of(times, WritePrecision.MS if unit == "ms" else WritePrecision.US)]
        off = [s - t for s, t in zip(sent, true) if s != t]
        got[title, name] = len(off), len(set(sent)), set(off)
        print(f"  {title:>6} in {unit}  {name:33} {count} readings, {len(off):4} of them {sorted(set(off)) or ''} {unit} off, {len(set(sent))} different times")
print("  e.g.", Point2("vibration").field("g", 1.5).time("2024-07-01T12:00:00.002Z", WritePrecision.MS), " (12:00:00.002 is ...0002)")
print("A good guess: a time that is a whole number of milliseconds is sent as that number, by every client.")
new = [n for n in clients if n != "influxdb (1.x)"]
ok = all(got[t, "influxdb (1.x)"] == (0, n, set()) for t, n in (("1 kHz", 1000), ("100 Hz", 1000), ("20 kHz", 10000)))
ok = ok and all(got["1 kHz", n] == (125, 875, {-1}) and got["100 Hz", n][0] == 250 and got["20 kHz", n][0] > 0 for n in new)
print("STILL SO" if ok else "CHANGED")
sys.exit(0 if ok else 1)
PY
"$dir/venv/bin/python" "$dir/show.py"
