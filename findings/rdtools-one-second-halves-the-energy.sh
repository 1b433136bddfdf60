#!/usr/bin/env bash
# RdTools works out energy from the power of a photovoltaic plant. A plant gives
# exactly 1 kW, read every minute; the logger's clock is a second late on every
# other reading. The hour's energy comes out as 492 Wh in place of 1000, an
# ordinary number, with no warning. By default a step longer than the median step
# is a gap, so every step of 61 seconds is one, and what lies in gaps is left out
# of the sum. If the power is said to be instantaneous, the same data give NaN.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
"${PYTHON:-python3.11}" -m venv "$dir/venv"
"$dir/venv/bin/python" -m pip install -q --disable-pip-version-check pandas==3.1.1 numpy==2.4.6 scipy==1.17.1
# Of its many dependencies (plots, gradient boosting) the one module below needs these three.
"$dir/venv/bin/python" -m pip install -q --disable-pip-version-check --no-deps rdtools==3.2.1
cat > "$dir/show.py" <<'PY'
import importlib.util, os, sys, warnings
from importlib.metadata import version
import numpy as np, pandas as pd

package = importlib.util.find_spec("rdtools").submodule_search_locations[0]
spec = importlib.util.spec_from_file_location("normalization", os.path.join(package, "normalization.py"))
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
energy_from_power = module.energy_from_power               # the same as rdtools.energy_from_power

print("python", sys.version.split()[0], "| rdtools", version("rdtools"), "| pandas", version("pandas"))
minutes = pd.date_range("2024-07-01 10:00", "2024-07-01 14:00", freq="min", tz="UTC")
n = np.arange(len(minutes))
rows = {"on the minute": 0 * n,
        "every other reading 1 s late": n % 2 * (n % 60 > 0),
        "every 20th reading 1 s late": (n % 20 == 10) * 1,
        "one reading of 10 missing": 0 * n}
got = {}
with warnings.catch_warnings(record=True) as said:
    warnings.simplefilter("always")
    for name, late in rows.items():
        power = pd.Series(1000.0, index=minutes + pd.to_timedelta(late, unit="s"))
        if "missing" in name:
            power = power[n % 10 != 5]
        for kind in "right_labeled", "instantaneous":
            energy = energy_from_power(power, "h", power_type=kind)
            wide = energy_from_power(power, "h", power_type=kind, max_timedelta=pd.Timedelta("5min"))
            got[name, kind] = [round(float(v), 1) for v in energy]
            assert [round(float(v), 1) for v in wide] == [1000.0] * 4
            print(f"  1 kW all the time, {name:29} {kind:14} Wh an hour: {got[name, kind]}  (max_timedelta 5 min: {wide.iloc[0]:.0f})")
said = [w for w in said if not str(w.message).startswith("A future version of pandas")]
print("  warnings:", [str(w.message)[:60] for w in said] or "none (but for one about a later pandas)")
print("A good guess: 1000 Wh, to within a second's worth (or NaN for an hour with a gap, as its help text says).")
ok = (got["on the minute", "right_labeled"] == [1000.0] * 4 and got["every other reading 1 s late", "right_labeled"] == [491.7] * 4
      and got["every other reading 1 s late", "instantaneous"][0] != got["every other reading 1 s late", "instantaneous"][0]
      and all(850 < v < 960 for v in got["every 20th reading 1 s late", "right_labeled"]) and not said)
print("STILL SO" if ok else "CHANGED")
sys.exit(0 if ok else 1)
PY
"$dir/venv/bin/python" "$dir/show.py"
