#!/usr/bin/env bash
# Graphite's file format (whisper), here minutes for an hour and sums of hours
# for two days. A late reading is not added to its hour: the hour is worked out
# anew from what is still there of its minutes. 17 minutes late is fine, 53
# minutes late turns an hour of 60 kWh into 49, an hour and more late into 1 (the
# late minute alone), and 60 minutes delivered late together into 1 as well.
# Nothing is refused and nothing said; the same holds for means.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
"${PYTHON:-python3.11}" -m venv "$dir/venv"
"$dir/venv/bin/python" -m pip install -q --disable-pip-version-check whisper==1.1.10
cat > "$dir/show.py" <<'PY'
import os, sys, tempfile
from importlib.metadata import version
import whisper

print("python", sys.version.split()[0], "| whisper", version("whisper"))
NINE = 1719824400                                            # 2024-07-01 09:00:00 UTC; every call is told its "now"
HOUR, MINUTE = 3600, 60
NOON = NINE + 3 * HOUR
TEN17 = NINE + HOUR + 17 * MINUTE

def kept(folder, method, value, late, late_value=None):
    """A reading a minute from 09:00 to 11:59, each when it is taken but for those in `late`: {time: minutes late}.
    What is then kept for the hour from 10:00, asked for at 12:15."""
    path = os.path.join(folder, "x.wsp")
    if os.path.exists(path):
        os.remove(path)
    whisper.create(path, [(MINUTE, 60), (HOUR, 48)], xFilesFactor=0.0, aggregationMethod=method)
    times = range(NINE, NOON, MINUTE)
    arrivals = {}
    for t in times:
        arrivals.setdefault(t + MINUTE * late.get(t, 0), []).append((t, late_value if t in late and late_value else value))
    for now in sorted(arrivals):
        whisper.update_many(path, arrivals[now], now=now)
    (start, _, step), values = whisper.fetch(path, NINE - 1, NOON - HOUR - 1, now=NOON + 15 * MINUTE)
    assert (start, step) == (NINE, HOUR)
    return values[1]

got = {}
with tempfile.TemporaryDirectory() as folder:
    for what, late in (("no reading is late", {}), ("10:17 comes 17 minutes late", {TEN17: 17}), ("10:17 comes 53 minutes late", {TEN17: 53}),
                       ("10:17 comes 75 minutes late", {TEN17: 75}),
                       ("10:00 to 10:59 come together at 12:10", {t: (NOON + 10 * MINUTE - t) // MINUTE for t in range(NINE + HOUR, NINE + 2 * HOUR, MINUTE)})):
        got[what] = kept(folder, "sum", 1.0, late)
        print(f"  sum,  1 kWh a minute, {what:39} the hour from 10:00: {got[what]}")
    for what, late in (("no reading is late", {}), ("10:17 comes 75 minutes late, 40 kW", {TEN17: 75})):
        got["mean", what] = kept(folder, "average", 100.0, late, 40.0)
        print(f"  mean, 100 kW,         {what:39} the hour from 10:00: {got['mean', what]}")
print("A good guess: 60 kWh in every row (or 59, if a late reading is refused); 99 kW or 100 kW.")
ok = list(got.values()) == [60.0, 60.0, 49.0, 1.0, 1.0, 100.0, 40.0]
print("STILL SO" if ok else "CHANGED")
sys.exit(0 if ok else 1)
PY
"$dir/venv/bin/python" "$dir/show.py"
