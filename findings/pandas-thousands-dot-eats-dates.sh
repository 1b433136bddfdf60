#!/usr/bin/env bash
# A German logger's CSV has decimal commas and dots between thousands, so one
# reads it with pandas.read_csv(decimal=",", thousands="."). pandas then drops
# the dots of EVERY column, wherever they stand: dates, clock times, network
# addresses and firmware versions turn into whole numbers, and different ones
# into the same number. No grouping by three is asked for, and nothing is said.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
"${PYTHON:-python3.11}" -m venv "$dir/venv"
"$dir/venv/bin/python" -m pip install -q --disable-pip-version-check pandas==3.1.1 numpy==2.4.6
cat > "$dir/show.py" <<'PY'
import io, sys, warnings
import pandas as pd

print("python", sys.version.split()[0], "| pandas", pd.__version__)
text = """date;clock;address;firmware;kWh
27.10.2024;12.30;10.0.0.112;1.2.10;1.234,5
27.10.2024;7.05;10.0.0.113;12.1.0;7,25
28.10.2024;0.45;100.0.1.12;1.21.0;12,5
"""
print(text)
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    engines = {e: pd.read_csv(io.StringIO(text), sep=";", decimal=",", thousands=".", engine=e)
               for e in ("c", "python")}
for name, table in engines.items():
    print("engine", name)
    print(table.to_string(index=False))
    print("  types:", dict(table.dtypes.astype(str)))
print("warnings:", len(caught))
print("A good guess: kWh becomes numbers; a field such as 27.10.2024 or 10.0.0.112, whose dots do")
print("not part groups of three digits, is no number and stays text.")
want = {"date": [27102024, 27102024, 28102024], "clock": [1230, 705, 45],
        "address": [1000112, 1000113, 1000112], "firmware": [1210, 1210, 1210],
        "kWh": [1234.5, 7.25, 12.5]}
ok = all(t.to_dict("list") == want for t in engines.values()) and not caught
print("STILL SO" if ok else "CHANGED")
sys.exit(0 if ok else 1)
PY
"$dir/venv/bin/python" "$dir/show.py"
