#!/usr/bin/env bash
# Cutting an instant down to its hour, in the hour that a zone lives through
# twice when summer time ends: DuckDB moves every instant of the first pass
# FORWARD into the second pass (the "start" of its hour lies after it), while
# arrow moves every instant of the second pass back into the first (so the
# "end" of its hour lies before it). Each merges two hours into one, each the
# other one, and neither says a word.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
"${PYTHON:-python3.11}" -m venv "$dir/venv"
"$dir/venv/bin/python" -m pip install -q --disable-pip-version-check \
  duckdb==2.0.1 arrow==1.4.0 python-dateutil==4.0.0 tzdata==2026.6 pytz==2026.6
cat > "$dir/show.py" <<'PY'
import sys
from collections import Counter
from datetime import datetime, timedelta, timezone
from importlib.metadata import version
import arrow, duckdb

print("python", sys.version.split()[0], "| duckdb", version("duckdb"), "| arrow", version("arrow"))
zone = "Europe/Berlin"
# 8 half-hourly readings on 27 October 2024, local 01:00+02 to 03:30+01:
# four whole hours, two readings in each.
rows = [datetime(2024, 10, 26, 23, tzinfo=timezone.utc) + timedelta(minutes=30 * i) for i in range(8)]

con = duckdb.connect()
con.execute(f"SET TimeZone='{zone}'")
def duck(expr, t):
    sql = f"SELECT epoch_us({expr.format('TIMESTAMPTZ ' + repr(t.isoformat(sep=' ')))})"
    return datetime.fromtimestamp(con.execute(sql).fetchone()[0] / 1e6, timezone.utc)
trunc = [duck("date_trunc('hour', {})", t) for t in rows]
bucket = [duck("time_bucket(INTERVAL '1 hour', {})", t) for t in rows]
spans = [arrow.get(t).to(zone).span("hour") for t in rows]
floor = [s[0].to("utc").datetime for s in spans]
ceil = [s[1].to("utc").datetime for s in spans]

hm = lambda t: t.strftime("%H:%M:%S")
print(f"{'local':>12} {'instant':>9} {'date_trunc':>11} {'time_bucket':>12} {'arrow from':>11} {'arrow to':>9}  (all UTC)")
for t, a, b, c, d in zip(rows, trunc, bucket, floor, ceil):
    print(f"{arrow.get(t).to(zone).format('HH:mmZZ'):>12} {hm(t):>9} {hm(a):>11} {hm(b):>12} {hm(c):>11} {hm(d):>9}")
counts = lambda starts: sorted(Counter(hm(t) for t in starts).items())
print("readings per hour, date_trunc :", counts(trunc))
print("readings per hour, time_bucket:", counts(bucket))
print("readings per hour, arrow      :", counts(floor))
print("A good guess: four hours of two readings from all three, and no hour that starts after")
print("or ends before a reading it holds.")

even = [("00:00:00", 2), ("01:00:00", 2), ("02:00:00", 2), ("23:00:00", 2)]
ok = (counts(bucket) == even
      and counts(trunc) == [("01:00:00", 4), ("02:00:00", 2), ("23:00:00", 2)]
      and counts(floor) == [("00:00:00", 4), ("02:00:00", 2), ("23:00:00", 2)]
      and [i for i, (t, s) in enumerate(zip(rows, trunc)) if s > t] == [2, 3]
      and [i for i, (t, e) in enumerate(zip(rows, ceil)) if e < t] == [4, 5])
print("STILL SO" if ok else "CHANGED")
sys.exit(0 if ok else 1)
PY
TZ=UTC PYTHONTZPATH= "$dir/venv/bin/python" "$dir/show.py"
