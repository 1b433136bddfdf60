#!/usr/bin/env bash
# OpenOA, for wind farm data, works out wind speed and wind direction from the two
# wind components of a table. The speed keeps to its rows. The direction comes
# back numbered from 0 again: put into the table it was made from, it lands on
# other rows as soon as rows were dropped before (as one does with bad readings),
# and with times for row names the whole column is empty. No error, no warning.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
"${PYTHON:-python3.11}" -m venv "$dir/venv"
"$dir/venv/bin/python" -m pip install -q --disable-pip-version-check pandas==3.1.1 numpy==2.4.6 scipy==1.17.1
# Of its many dependencies (plots, machine learning) the module below needs these three.
"$dir/venv/bin/python" -m pip install -q --disable-pip-version-check --no-deps openoa==3.2
cat > "$dir/show.py" <<'PY'
import importlib, importlib.util, os, sys, types, warnings
from importlib.metadata import version
import numpy as np, pandas as pd

warnings.simplefilter("error")
home = importlib.util.find_spec("openoa").submodule_search_locations[0]
for name, folder in (("openoa", home), ("openoa.utils", os.path.join(home, "utils"))):      # the packages without their own imports
    sys.modules[name] = types.ModuleType(name)
    sys.modules[name].__path__ = [folder]
met = importlib.import_module("openoa.utils.met_data_processing")
print("python", sys.version.split()[0], "| openoa", version("openoa"), "| pandas", version("pandas"))

# Six readings, the second of them a fault: 99 m/s.
readings = pd.DataFrame({"u": [-5.0, 0.0, 5.0, 0.0, -4.0, 4.0], "v": [0.0, -99.0, 0.0, 5.0, -4.0, 4.0], "from": [90, 0, 270, 180, 45, 225]})
clock = pd.date_range("2024-07-01 12:00", periods=6, freq="10min", tz="UTC")
got = {}
for name, table in (("all rows, numbered", readings.copy()), ("fault dropped", readings[readings.v.abs() < 50].copy()),
                    ("rows named by time", readings.set_index(clock))):
    table["speed"] = met.compute_wind_speed("u", "v", data=table)
    table["direction"] = met.compute_wind_direction("u", "v", data=table)
    true_speed = np.hypot(table.u, table.v)
    good = int(np.isclose(table.direction, table["from"]).sum())
    empty = int(table.direction.isna().sum())
    got[name] = len(table), bool(np.allclose(table.speed, true_speed)), good, empty
    print(f"  {name:19} true {table['from'].tolist()}, computed {[None if pd.isna(d) else round(d) for d in table.direction]}: "
          f"{good} right, {len(table) - good - empty} of another row, {empty} empty; speeds all right: {got[name][1]}")
print("A good guess: the direction belongs to the row it was computed from, as the speed does.")
ok = got == {"all rows, numbered": (6, True, 6, 0), "fault dropped": (5, True, 1, 1), "rows named by time": (6, True, 0, 6)}
print("STILL SO" if ok else "CHANGED")
sys.exit(0 if ok else 1)
PY
"$dir/venv/bin/python" "$dir/show.py"
