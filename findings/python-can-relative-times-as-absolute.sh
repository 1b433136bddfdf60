#!/usr/bin/env bash
# A CAN recording in Vector's text format (.asc) says in its second line whether
# its times count from the start ("timestamps absolute") or from the line before
# ("timestamps relative"). python-can reads that word, keeps it, and takes the
# times as counted from the start in both cases: of a recording of one minute,
# 600 messages, all get a time of 0.1 s, and a drive of 60 s lasts 0.0 s. Asked
# for clock times it puts all 600 at 12:00:00.1. Nothing is said.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
"${PYTHON:-python3.11}" -m venv "$dir/venv"
"$dir/venv/bin/python" -m pip install -q --disable-pip-version-check python-can==4.6.1
cat > "$dir/show.py" <<'PY'
import os, sys, tempfile
from datetime import datetime, timezone
from importlib.metadata import version
import can

print("python", sys.version.split()[0], "| python-can", version("python-can"))

def recording(kind):
    """One message every 0.1 s for a minute, as a .asc file of that kind."""
    lines = ["date Mon Jul 1 12:00:00.000 2024", f"base hex  timestamps {kind}", "internal events logged",
             "Begin Triggerblock Mon Jul 1 12:00:00.000 2024", "   0.000000 Start of measurement"]
    for i in range(600):
        lines.append(f"   {(i + 1) * 0.1 if kind == 'absolute' else 0.1:.6f} 1  1A0             Rx   d 2 {i // 256:02X} {i % 256:02X}")
    return "\n".join(lines + ["End TriggerBlock", ""])

got = {}
with tempfile.TemporaryDirectory() as folder:
    for kind in "absolute", "relative":
        path = os.path.join(folder, kind + ".asc")
        with open(path, "w") as f:
            f.write(recording(kind))
        reader = can.ASCReader(path)
        times = [m.timestamp for m in reader]
        clock = [m.timestamp for m in can.ASCReader(path, relative_timestamp=False)]
        at = lambda t: f"{datetime.fromtimestamp(t, timezone.utc):%H:%M:%S.%f}"[:10]
        got[kind] = len(times), round(times[0], 6), round(times[-1], 6), len(set(times)), at(clock[0]), at(clock[-1])
        print(f"  timestamps {kind}: the reader notes {reader.timestamps_format!r}; {len(times)} messages, {len(set(times))} different times, "
              f"from {times[0]:.1f} s to {times[-1]:.1f} s; by the clock {got[kind][4]} to {got[kind][5]}")
print("A good guess: both files hold the same minute and give the same 600 times, 0.1 s to 60.0 s (or the second one is refused).")
ok = got == {"absolute": (600, 0.1, 60.0, 600, "12:00:00.1", "12:01:00.0"), "relative": (600, 0.1, 0.1, 1, "12:00:00.1", "12:00:00.1")}
print("STILL SO" if ok else "CHANGED")
sys.exit(0 if ok else 1)
PY
TZ=UTC0 "$dir/venv/bin/python" "$dir/show.py"
