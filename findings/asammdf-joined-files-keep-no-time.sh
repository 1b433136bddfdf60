#!/usr/bin/env bash
# asammdf joins measurement files (MDF) with concatenate(), by default "synced on
# the start of measurement". Handed three files in the order they came, the oldest
# last (it was fetched late), it takes that file's start for the start of all and
# puts its readings behind all others: what was measured at 11:00:00 is dated
# 12:11:00. A file that begins while the one before still runs is moved likewise,
# by 70 seconds here. With the files in order of time all is well.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
"${PYTHON:-python3.11}" -m venv "$dir/venv"
"$dir/venv/bin/python" -m pip install -q --disable-pip-version-check asammdf==8.8.28 pandas==3.1.1 numpy==2.4.6
cat > "$dir/show.py" <<'PY'
import logging, os, sys, tempfile
from datetime import datetime, timedelta, timezone
from importlib.metadata import version
import numpy as np
from asammdf import MDF, Signal

logging.disable(logging.CRITICAL)
print("python", sys.version.split()[0], "| asammdf", version("asammdf"), "| numpy", np.__version__)
NOON = datetime(2024, 7, 1, 12, tzinfo=timezone.utc)

def recording(folder, start, readings):
    """A measurement file: a reading every 10 seconds from start on; the value is the second of the day it was taken."""
    t = np.arange(readings) * 10.0
    second = (start - NOON.replace(hour=0)).total_seconds()
    mdf = MDF(version="4.10")
    mdf.append([Signal(samples=second + t, timestamps=t, name="taken_at")])
    mdf.header.start_time = start
    path = mdf.save(os.path.join(folder, f"{start:%H%M}.mf4"), overwrite=True)
    mdf.close()
    return path

clock = lambda s: f"{NOON.replace(hour=0) + timedelta(seconds=float(s)):%H:%M:%S}"
got = {}
with tempfile.TemporaryDirectory() as folder:
    at = lambda hour, minute, n: recording(folder, NOON.replace(hour=hour, minute=minute), n)
    eleven, noon, ten_past = at(11, 0, 6), at(12, 0, 6), at(12, 10, 6)
    overlapping = at(12, 1, 6)                               # begins at 12:01, while the one before it runs until 12:02
    long_noon = os.path.join(folder, "long")
    os.mkdir(long_noon)
    long_noon = recording(long_noon, NOON, 13)
    for name, files in (("in order of time", [eleven, noon, ten_past]), ("the oldest last", [noon, ten_past, eleven]), ("overlapping", [long_noon, overlapping])):
        joined = MDF.concatenate(files)
        signal = joined.get("taken_at")
        start = (joined.header.start_time - NOON.replace(hour=0)).total_seconds()
        dated = start + signal.timestamps
        wrong = np.flatnonzero(np.abs(dated - signal.samples) > 0.5)
        got[name] = len(signal.samples), len(wrong), round(float(np.abs(dated - signal.samples).max()))
        print(f"  {name:17} start {clock(start)}, {len(signal.samples)} readings, {len(wrong)} misdated"
              + "".join(f"; taken {clock(signal.samples[i])}, dated {clock(dated[i])}" for i in wrong[:1]))
        joined.close()
print("A good guess: synced means every reading keeps the time it was taken (or the order is refused).")
ok = got == {"in order of time": (18, 0, 0), "the oldest last": (18, 6, 4260), "overlapping": (19, 6, 70)}
print("STILL SO" if ok else "CHANGED")
sys.exit(0 if ok else 1)
PY
"$dir/venv/bin/python" "$dir/show.py"
