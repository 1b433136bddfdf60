#!/usr/bin/env bash
# A netCDF time axis names its zone in the unit, and the hour of the offset may
# have one digit: "seconds since 1992-10-8 15:15:42.5 -6:00" is the example of
# the UDUNITS and CF documents themselves. The package cftime
# obeys an offset written with two hour digits and silently drops one written
# with one digit, so the whole axis is hours off. xarray obeys both - until it
# is told to give cftime times, when the same file moves by six hours.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
"${PYTHON:-python3.11}" -m venv "$dir/venv"
"$dir/venv/bin/python" -m pip install -q --disable-pip-version-check \
  cftime==1.6.6.1 xarray==2026.9.0 pandas==3.1.1 numpy==2.4.6
cat > "$dir/show.py" <<'PY'
import sys
import cftime, numpy as np, xarray as xr

print("python", sys.version.split()[0], "| cftime", cftime.__version__, "| xarray", xr.__version__)

def by_cftime(unit):
    return cftime.num2date(0, unit, "standard").isoformat()
def by_xarray(unit, cf):
    raw = xr.Dataset(coords={"time": ("time", np.array([0, 1]), {"units": unit, "calendar": "standard"})})
    t = xr.decode_cf(raw, decode_times=xr.coders.CFDatetimeCoder(use_cftime=cf)).time.values[0]
    return t.isoformat() if cf else str(t)[:19]

got = {}
print(f"  {'unit':<42} {'cftime':<21} {'xarray':<21} xarray giving cftime times")
for offset in ("-06:00", "-6:00", "-06", "-6", "+09:30", "+9:30", "+05", "+5", "+12:00"):
    unit = "seconds since 1992-10-08 15:15:42 " + offset
    got[offset] = by_cftime(unit), by_xarray(unit, False), by_xarray(unit, True)
    print(f"  {unit:<42} {got[offset][0]:<21} {got[offset][1]:<21} {got[offset][2]}")
doc = "seconds since 1992-10-8 15:15:42.5 -6:00"
doc_hours = cftime.num2date(0, doc, "standard").hour, int(str(by_xarray(doc, False))[11:13])
print(f"  the documents' own example, {doc!r}: hour {doc_hours[0]} by cftime, {doc_hours[1]} by xarray (21 is right)")
print("A good guess: -6:00 and -06:00 are the same offset for every reader (or -6:00 is an error).")

day = "1992-10-08T"
local = day + "15:15:42"
true = {"-06:00": day + "21:15:42", "-6:00": day + "21:15:42", "-06": day + "21:15:42", "-6": day + "21:15:42",
        "+09:30": day + "05:45:42", "+9:30": day + "05:45:42", "+05": day + "10:15:42", "+5": day + "10:15:42",
        "+12:00": day + "03:15:42"}
one_digit = {"-6:00", "-6", "+9:30", "+5"}
ok = doc_hours == (15, 21) and all(got[o] == ((local, t, local) if o in one_digit else (t, t, t)) for o, t in true.items())
print("STILL SO" if ok else "CHANGED")
sys.exit(0 if ok else 1)
PY
TZ=UTC "$dir/venv/bin/python" "$dir/show.py"
