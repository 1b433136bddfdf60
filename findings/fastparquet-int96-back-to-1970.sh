#!/usr/bin/env bash
# Parquet files for Spark, Impala or Hive keep their times in a 12-byte form
# (INT96); fastparquet writes it when asked with times="int96". It takes the
# column's numbers for nanoseconds, whatever they are. pandas 3 keeps times in
# microseconds by default: 1 July 2024 is written as 20 January 1970, an hour
# becomes 3.6 seconds, and every reader sees it so. Times kept in nanoseconds are
# right, and so are all of them in the default form; nothing is said.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
"${PYTHON:-python3.11}" -m venv "$dir/venv"
"$dir/venv/bin/python" -m pip install -q --disable-pip-version-check \
  fastparquet==2026.9.0 pandas==3.1.1 numpy==2.4.6 duckdb==2.0.1
cat > "$dir/show.py" <<'PY'
import os, sys, tempfile
from importlib.metadata import version
import duckdb, fastparquet, pandas as pd

print("python", sys.version.split()[0], "|", ", ".join(f"{p} {version(p)}" for p in ("fastparquet", "pandas", "duckdb")))
true = [pd.Timestamp("2024-07-01 12:00"), pd.Timestamp("2024-07-01 13:00"), pd.Timestamp("2024-07-01 14:00")]
plain = pd.DataFrame({"t": pd.to_datetime(["2024-07-01 12:00", "2024-07-01 13:00", "2024-07-01 14:00"]), "kW": [1.0, 2.0, 3.0]})
zoned = plain.assign(t=plain.t.dt.tz_localize("UTC"))
got = {}
with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "x.parquet")
    for name, frame in (("as pandas 3 makes them", plain), ("the same in UTC", zoned), ("in ms", plain.assign(t=plain.t.dt.as_unit("ms"))),
                        ("in ns", plain.assign(t=plain.t.dt.as_unit("ns")))):
        for form in "int64", "int96":
            fastparquet.write(path, frame, times=form)
            own = fastparquet.ParquetFile(path).to_pandas().t.dt.tz_localize(None).tolist()
            other = [pd.Timestamp(r[0]).tz_localize(None) for r in
                     duckdb.sql(f"set timezone = 'UTC'; select t::timestamp from '{path}'").fetchall()]
            got[name, form] = own == true, other == true, own[0].year
            print(f"  {name:22} ({str(frame.t.dtype):19}) times={form}: fastparquet reads {own[0]} to {own[-1]}, DuckDB {other[0]}")
print("A good guess: the times that were written come back, whatever form they are kept in (or an error).")
right, wrong = (True, True, 2024), (False, False, 1970)
ok = all(v == (wrong if form == "int96" and name != "in ns" else right) for (name, form), v in got.items())
print("STILL SO" if ok else "CHANGED")
sys.exit(0 if ok else 1)
PY
"$dir/venv/bin/python" "$dir/show.py"
