#!/usr/bin/env bash
# Loggers write a failed reading as nan, NaN, NAN, Nan or -nan. Which capitals
# they use decides what a CSV reader makes of it, and no two of four readers
# agree: pyarrow reads "nan" as a missing value but "NAN" as the number NaN
# (which then poisons every average); pandas reads the first as missing and
# turns the whole column into text for the second; polars takes only "NaN";
# DuckDB takes all of them, always as a number and never as missing.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
"${PYTHON:-python3.11}" -m venv "$dir/venv"
"$dir/venv/bin/python" -m pip install -q --disable-pip-version-check \
  pandas==3.1.1 numpy==2.4.6 polars==2.1.0 pyarrow==26.0.1 duckdb==2.0.1
cat > "$dir/show.py" <<'PY'
import math, sys
import duckdb, pandas as pd, polars as pl, pyarrow as pa, pyarrow.compute as pcm, pyarrow.csv as pc

print("python", sys.version.split()[0], "| pandas", pd.__version__, "| polars", pl.__version__,
      "| pyarrow", pa.__version__, "| duckdb", duckdb.__version__)
words = ["nan", "NaN", "NAN", "Nan", "-nan"]

def pandas_(p):
    s = pd.read_csv(p)["v"]
    return ["text"] if s.dtype.kind != "f" else ["missing", s.mean()]   # pandas: NaN is its missing value
def tell(values, mean):
    if any(isinstance(v, str) for v in values):
        return ["text"]
    return ["missing" if values[1] is None else "number NaN" if math.isnan(values[1]) else "?", mean()]
def polars_(p):
    s = pl.read_csv(p)["v"]
    return tell(s.to_list(), s.mean)
def pyarrow_(p):
    c = pc.read_csv(p)["v"]
    return tell(c.to_pylist(), lambda: pcm.mean(c).as_py())
def duckdb_(p):
    q = lambda what: duckdb.sql(f"SELECT {what} FROM read_csv('{p}')").fetchall()
    return tell([r[0] for r in q("v")], lambda: q("avg(v)")[0][0])

got = {}
for name, read in {"pandas": pandas_, "polars": polars_, "pyarrow": pyarrow_, "duckdb": duckdb_}.items():
    for w in words:
        path = f"{sys.argv[1]}/log.csv"
        with open(path, "w") as f:
            f.write(f"t,v\n2024-07-01 12:00:00,1.5\n2024-07-01 12:10:00,{w}\n2024-07-01 12:20:00,2.5\n")
        got[name, w] = read(path)
    print(f"{name:>8}: " + "; ".join(
        f"{w} -> {got[name, w][0]}" + (f" (mean {got[name, w][1]})" if len(got[name, w]) > 1 else "") for w in words))
print("A good guess: one reader treats all five alike, whatever the capitals.")
row = lambda n: [got[n, w][0] for w in words]
M, N, T = "missing", "number NaN", "text"
ok = (row("pandas") == [M, M, T, T, M] and row("polars") == [T, N, T, T, T]
      and row("pyarrow") == [M, M, N, N, M] and row("duckdb") == [N] * 5
      and got["pyarrow", "nan"][1] == 2.0 and math.isnan(got["pyarrow", "NAN"][1]))
print("STILL SO" if ok else "CHANGED")
sys.exit(0 if ok else 1)
PY
"$dir/venv/bin/python" "$dir/show.py" "$dir"
