#!/usr/bin/env bash
# Two CAN buses, one log: the first message written is not always the earliest,
# here the second one is 2 ms older. python-can writes six file formats. Read back
# by python-can itself, three keep the 2 ms (.trc, .csv, .db), two put the message
# at the time of the first (.blf, .log), and in .asc it lies 54 years after it,
# though the help text says it gets the time of the message before. The bus
# numbers 0 and 1 come back as 0 and 1, as 1 and 2, or not at all.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
"${PYTHON:-python3.11}" -m venv "$dir/venv"
"$dir/venv/bin/python" -m pip install -q --disable-pip-version-check python-can==4.6.1
cat > "$dir/show.py" <<'PY'
import os, sys, tempfile
from importlib.metadata import version
import can

print("python", sys.version.split()[0], "| python-can", version("python-can"))
START = 1719835200.125                                       # 2024-07-01 12:00:00.125 UTC
messages = [can.Message(timestamp=START + after, arbitration_id=0x1A0 + bus, data=[n], is_extended_id=False, channel=bus)
            for n, (bus, after) in enumerate(((0, 0.0), (1, -0.002), (0, 0.010), (1, 0.008), (0, 0.020)))]
sent = [(m.channel, round(m.timestamp - START, 6)) for m in messages]
print(f"  written  (bus, seconds after the first): {sent}")
got = {}
with tempfile.TemporaryDirectory() as folder:
    for kind in "trc", "csv", "db", "blf", "log", "asc":
        path = os.path.join(folder, "x." + kind)
        with can.Logger(path) as log:
            for m in messages:
                log(m)
        with can.LogReader(path) as back:
            back = sorted(back, key=lambda m: m.data[0])
        got[kind] = [m.channel for m in back], [round(m.timestamp - back[0].timestamp, 4) for m in back]
        print(f"  .{kind} read (bus, seconds after the first): {list(zip(*got[kind]))}")
print("A good guess: every format gives the times and buses that were written (.asc counts from its start), or says which it cannot keep.")
true = [t for _, t in sent]
moved = [0.0, 0.0] + true[2:]
ok = all(got[k][1] == true for k in ("trc", "csv", "db")) and all(got[k][1] == moved for k in ("blf", "log")) \
    and got["asc"][1][1] > 54 * 365 * 86400 and got["asc"][1][2:] == true[2:]
ok = ok and [got[k][0] for k in ("blf", "asc")] == [[0, 1, 0, 1, 0]] * 2 and got["trc"][0] == [1, 2, 1, 2, 1] \
    and got["csv"][0] == got["db"][0] == [None] * 5 and got["log"][0] == ["can0", "can1", "can0", "can1", "can0"]
print("STILL SO" if ok else "CHANGED")
sys.exit(0 if ok else 1)
PY
TZ=UTC0 "$dir/venv/bin/python" "$dir/show.py"
