#!/usr/bin/env bash
# Two legal ISO 8601 spellings around midnight: some meters close the day with
# 24:00:00, and a leap second is 23:59:60. Four CSV readers split four ways:
# DuckDB takes 24:00:00 as the next midnight but not second 60; polars and
# pandas take second 60 as the next midnight but not 24:00:00; pyarrow takes
# neither. Where a spelling is not taken, polars, pyarrow and DuckDB do not
# complain: the whole column silently becomes text.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
"${PYTHON:-python3.11}" -m venv "$dir/venv"
"$dir/venv/bin/python" -m pip install -q --disable-pip-version-check \
  pandas==3.1.1 numpy==2.4.6 polars==2.1.0 pyarrow==26.0.1 duckdb==2.0.1
cat > "$dir/show.py" <<'PY'
import sys
from datetime import datetime
import duckdb, pandas as pd, polars as pl, pyarrow as pa, pyarrow.csv as pc

print("python", sys.version.split()[0], "| pandas", pd.__version__, "| polars", pl.__version__,
      "| pyarrow", pa.__version__, "| duckdb", duckdb.__version__)

def pandas_(p):
    try:
        return pd.to_datetime(pd.read_csv(p)["t"]).dt.to_pydatetime().tolist()
    except ValueError:
        return "refused"
readers = {
    "pandas to_datetime": pandas_,
    "polars try_parse_dates": lambda p: pl.read_csv(p, try_parse_dates=True)["t"].to_list(),
    "pyarrow csv": lambda p: pc.read_csv(p)["t"].to_pylist(),
    "duckdb read_csv": lambda p: [r[0] for r in duckdb.sql(f"SELECT t FROM read_csv('{p}')").fetchall()],
}
def kind(values):
    if values == "refused":
        return "error"
    if all(isinstance(v, str) for v in values):
        return "whole column is text"
    return "last row is " + values[-1].isoformat(" ")

got = {}
for word in ("23:59:59", "24:00:00", "23:59:60"):
    path = f"{sys.argv[1]}/log.csv"
    with open(path, "w") as f:
        f.write("t,kWh\n2016-12-31 22:00:00,1.5\n2016-12-31 23:00:00,1.5\n2016-12-31 " + word + ",1.5\n")
    print("last row", word)
    for name, read in readers.items():
        got[word, name.split()[0]] = k = kind(read(path))
        print(f"   {name:<24} {k}")
print("A good guess: readers that take one of the two take the other, both being the next midnight.")
mid, text = "last row is 2017-01-01 00:00:00", "whole column is text"
ok = (all(got["23:59:59", n.split()[0]] == "last row is 2016-12-31 23:59:59" for n in readers)
      and [got["24:00:00", n.split()[0]] for n in readers] == ["error", text, text, mid]
      and [got["23:59:60", n.split()[0]] for n in readers] == [mid, mid, text, text])
print("STILL SO" if ok else "CHANGED")
sys.exit(0 if ok else 1)
PY
"$dir/venv/bin/python" "$dir/show.py" "$dir"
