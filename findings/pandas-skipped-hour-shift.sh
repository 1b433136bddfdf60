#!/usr/bin/env bash
# A reading stamped in the hour that a clock change skips can be moved by pandas
# to the nearest time that exists: nonexistent="shift_forward" or
# "shift_backward". In Berlin and New York it does so. In Alaska "forward" lands
# an hour too late and "backward" an hour too early, in Spain "backward" an hour
# too early; on Lord Howe and the Chatham Islands they miss by 30 and 15 minutes;
# and over the day that Samoa skipped, "forward" goes BACK to the day before.
# Nothing is said.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
"${PYTHON:-python3.11}" -m venv "$dir/venv"
"$dir/venv/bin/python" -m pip install -q --disable-pip-version-check \
  pandas==3.1.1 numpy==2.4.6 tzdata==2026.6
cat > "$dir/show.py" <<'PY'
import sys
from datetime import datetime, timedelta, timezone
from importlib.metadata import version
from zoneinfo import ZoneInfo
import pandas as pd

print("python", sys.version.split()[0], "| pandas", pd.__version__, "| tzdata", version("tzdata"))
us = timedelta(microseconds=1)
# zone, a wall time that never was, the instant of the change in UTC
cases = [
    ("Europe/Berlin", "2024-03-31 02:30", "2024-03-31 01:00"),
    ("America/New_York", "2024-03-10 02:30", "2024-03-10 07:00"),
    ("America/Anchorage", "2024-03-10 02:30", "2024-03-10 11:00"),
    ("Europe/Madrid", "2024-03-31 02:30", "2024-03-31 01:00"),
    ("Australia/Lord_Howe", "2024-10-06 02:15", "2024-10-05 15:30"),
    ("Pacific/Chatham", "2024-09-29 03:15", "2024-09-28 14:00"),
    ("Pacific/Apia", "2011-12-30 00:30", "2011-12-30 10:00"),
    ("Pacific/Apia", "2011-12-30 12:00", "2011-12-30 10:00"),
]
got = {}
for zone, wall, change in cases:
    z, t = ZoneInfo(zone), datetime.fromisoformat(change).replace(tzinfo=timezone.utc)
    before, after = (t - us).astimezone(z), t.astimezone(z)
    # The standard library agrees that the clock jumps at t, over this wall time.
    assert before.replace(tzinfo=None) < datetime.fromisoformat(wall) < after.replace(tzinfo=None)
    print(f"  {zone}, {wall}: the clock goes from {before} to {after}")
    for how, right in (("shift_forward", t), ("shift_backward", t - us)):
        p = pd.DatetimeIndex([wall]).as_unit("us").tz_localize(zone, nonexistent=how)[0]
        off = round((p.to_pydatetime() - right).total_seconds() / 60)
        got[zone, wall[11:], how] = off
        print(f"      {how:<15} -> {p}" + (f"   WRONG by {off:+d} min" if off else ""))
print("A good guess: forward gives the first time after the jump, backward the last before it, in every zone.")
want = {("Europe/Berlin", "02:30"): (0, 0), ("America/New_York", "02:30"): (0, 0),
        ("America/Anchorage", "02:30"): (60, -60), ("Europe/Madrid", "02:30"): (0, -60),
        ("Australia/Lord_Howe", "02:15"): (30, 0), ("Pacific/Chatham", "03:15"): (15, 15),
        ("Pacific/Apia", "00:30"): (60, -1440), ("Pacific/Apia", "12:00"): (-660, -660)}
ok = all((got[k + ("shift_forward",)], got[k + ("shift_backward",)]) == v for k, v in want.items())
print("STILL SO" if ok else "CHANGED")
sys.exit(0 if ok else 1)
PY
TZ=UTC PYTHONTZPATH= "$dir/venv/bin/python" "$dir/show.py"
