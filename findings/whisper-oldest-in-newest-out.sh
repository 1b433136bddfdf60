#!/usr/bin/env bash
# A Graphite file (whisper) that keeps a day of hourly values, all there, at
# 12:30. Yesterday's reading of 12:45 comes in late, 23 hours and 45 minutes old:
# young enough, update() takes it. It is written over TODAY's value of 12:00, and
# itself cannot be read: the newest value has become None. 15 minutes younger it
# would harm nothing, 15 minutes older be refused (by update; update_many takes
# that one too). Every file has this last step at its end; daily values, a day.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
"${PYTHON:-python3.11}" -m venv "$dir/venv"
"$dir/venv/bin/python" -m pip install -q --disable-pip-version-check whisper==1.1.10
cat > "$dir/show.py" <<'PY'
import os, sys, tempfile
from datetime import datetime, timezone
from importlib.metadata import version
import whisper

print("python", sys.version.split()[0], "| whisper", version("whisper"))
HOUR, DAY = 3600, 86400
NOW = int(datetime(2024, 7, 1, 12, 30, tzinfo=timezone.utc).timestamp())       # every call is told this "now"
clock = lambda t: f"{datetime.fromtimestamp(t, timezone.utc):%d %b %H:%M}"

def after(step, slots, late_by, at_once):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "x.wsp")
        whisper.create(path, [(step, slots)], xFilesFactor=0.0, aggregationMethod="last")
        for i in reversed(range(slots)):
            whisper.update(path, 100.0 + i, NOW - i * step, now=NOW - i * step)
        read = lambda: whisper.fetch(path, NOW - step * slots, NOW, now=NOW)
        before = read()[1]
        try:
            if at_once:
                whisper.update_many(path, [(NOW - late_by, 7.0)], now=NOW)
            else:
                whisper.update(path, 7.0, NOW - late_by, now=NOW)
            said = "taken"
        except whisper.TimestampNotCovered:
            said = "refused"
        (start, _, _), values = read()
        return before, said, values, [clock(start + i * step) for i, (a, b) in enumerate(zip(before, values)) if a != b]

got = {}
for step, slots, minutes in ((HOUR, 24, 24 * 60), (HOUR, 24, 24 * 60 - 15), (HOUR, 24, 24 * 60 - 30), (DAY, 30, 30 * 1440 - 600)):
    for at_once in False, True:
        before, said, values, changed = after(step, slots, minutes * 60, at_once)
        assert None not in before and len(before) == slots
        got[at_once, minutes] = said, len(changed), values[-1], 7.0 in values
        print(f"  {slots} x {step // HOUR:2} h, {'update_many' if at_once else 'update':11} reading of {clock(NOW - minutes * 60)}: {said}; "
              f"changed: {changed or 'nothing'}; newest: {values[-1]}; the late 7.0 can be read: {7.0 in values}")
print("A good guess: a reading that is taken changes the value of its own time and no other one; the newest stays 100.0.")
expected = {(False, 1440): ("refused", 0, 100.0, False), (True, 1440): ("taken", 1, None, False)}
for way in False, True:
    expected |= {(way, 1425): ("taken", 1, None, False), (way, 1410): ("taken", 1, 100.0, True), (way, 42600): ("taken", 1, None, False)}
ok = got == expected
print("STILL SO" if ok else "CHANGED")
sys.exit(0 if ok else 1)
PY
"$dir/venv/bin/python" "$dir/show.py"
