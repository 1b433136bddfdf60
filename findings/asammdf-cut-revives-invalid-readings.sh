#!/usr/bin/env bash
# A measurement file (MDF) can mark readings as invalid, and asammdf leaves these
# out when one asks for the channel. Cutting a piece out of the file, at a time
# between a good and an invalid reading, makes a new reading for the edge by
# drawing a line between the two: pressure is 1 bar throughout, a dead sensor said
# 999, and the piece begins with 500 bar, marked valid. A cut ending there ends
# with 500 bar as well; asking for the same span without cutting gives 1 bar.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
"${PYTHON:-python3.11}" -m venv "$dir/venv"
"$dir/venv/bin/python" -m pip install -q --disable-pip-version-check asammdf==8.8.28 pandas==3.1.1 numpy==2.4.6
cat > "$dir/show.py" <<'PY'
import logging, os, sys, tempfile
from importlib.metadata import version
import numpy as np
from asammdf import MDF, Signal

logging.disable(logging.CRITICAL)
print("python", sys.version.split()[0], "| asammdf", version("asammdf"), "| numpy", np.__version__)
got = {}
with tempfile.TemporaryDirectory() as folder:
    # One reading a second; at 3 and 4 s the sensor was dead and the recorder marked what it said as invalid.
    bar = np.array([1.0, 1.0, 1.0, 999.0, 999.0, 1.0, 1.0, 1.0, 1.0])
    dead = np.array([0, 0, 0, 1, 1, 0, 0, 0, 0], bool)
    mdf = MDF(version="4.10")
    mdf.append([Signal(samples=bar, timestamps=np.arange(9.0), name="pressure", unit="bar", invalidation_bits=dead)])
    path = mdf.save(os.path.join(folder, "x.mf4"), overwrite=True)
    mdf.close()
    whole = MDF(path)
    show = lambda signal: {float(t): float(v) for t, v in zip(signal.timestamps, signal.samples)}
    got["whole"] = show(whole.get("pressure"))
    print(f"  the file, {{second: bar}}:      {got['whole']}")
    for start, stop in ((2.5, 8), (0, 2.5), (0, 4.5), (6.5, 8)):
        cut = whole.cut(start=start, stop=stop)
        got[start, stop] = show(cut.get("pressure"))
        marked = int((~np.isin(cut.get("pressure", ignore_invalidation_bits=True).timestamps, cut.get("pressure").timestamps)).sum())
        span = show(whole.get("pressure").cut(start, stop))
        print(f"  cut from {start} to {stop} s:       {got[start, stop]} ({marked} left out as invalid)")
        print(f"    the channel, then its cut: {span}")
        got[start, stop, "channel"] = set(span.values())
    frame = whole.cut(start=2.5, stop=8).to_dataframe()["pressure"]
    print(f"  as a table, mean pressure after the cut: {frame.mean():.1f} bar")
print("A good guess: 1 bar wherever there is a value; what is marked invalid takes no part in anything.")
ones = lambda *times: {t: 1.0 for t in times}
ok = (got["whole"] == ones(0.0, 1.0, 2.0, 5.0, 6.0, 7.0, 8.0) and got[2.5, 8] == {2.5: 500.0} | ones(5.0, 6.0, 7.0, 8.0)
      and got[0, 2.5] == ones(0.0, 1.0, 2.0) | {2.5: 500.0} and got[0, 4.5] == ones(0.0, 1.0, 2.0) and got[6.5, 8] == ones(6.5, 7.0, 8.0)
      and all(v == {1.0} for k, v in got.items() if "channel" in k) and frame.mean() > 100)
print("STILL SO" if ok else "CHANGED")
sys.exit(0 if ok else 1)
PY
"$dir/venv/bin/python" "$dir/show.py"
