#!/usr/bin/env bash
# ENTSO-E's platform leaves out a value that repeats the one before (curve type
# A03, its default); each value says its position in the day. entsoe-py honours
# that for prices and loads, but in the table of balancing bids it counts the
# values and does not look at the positions: a day that changes at 06:00 and 18:00
# becomes three quarter-hours from midnight on, and then nothing till the next.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
"${PYTHON:-python3.11}" -m venv "$dir/venv"
"$dir/venv/bin/python" -m pip install -q --disable-pip-version-check entsoe-py==0.8.1 pandas==3.1.1 numpy==2.4.6
cat > "$dir/show.py" <<'PY'
import sys
from importlib.metadata import version
from entsoe.parsers import parse_aggregated_bids, parse_loads

print("python", sys.version.split()[0], "| entsoe-py", version("entsoe-py"), "| pandas", version("pandas"))

def document(points):
    points = "".join(f"<Point><position>{p}</position><quantity>{q}</quantity><secondaryQuantity>{q // 10}</secondaryQuantity></Point>" for p, q in points)
    return ("<Balancing_MarketDocument><TimeSeries><mRID>1</mRID><businessType>A14</businessType>"
            "<flowDirection.direction>A01</flowDirection.direction><quantity_Measure_Unit.name>MAW</quantity_Measure_Unit.name>"
            "<curveType>A03</curveType><Period><timeInterval><start>2024-01-15T00:00Z</start><end>2024-01-16T00:00Z</end></timeInterval>"
            f"<resolution>PT15M</resolution>{points}</Period></TimeSeries></Balancing_MarketDocument>")

def tell(column):
    known = column.dropna()
    changes = known[known != known.shift()]
    return len(column), len(known), {f"{t:%H:%M}": int(v) for t, v in changes.items()}

full = [(p, 200 if p < 25 else 500 if p < 73 else 300) for p in range(1, 97)]       # 200 MW, from 06:00 500, from 18:00 300
short = [full[0], full[24], full[72]]                                               # the same without repetitions
got = {}
for name, points in ("all 96 positions", full), ("positions 1, 25, 73", short):
    bids = parse_aggregated_bids(document(points))
    got[name] = tell(bids["Up", 1, "Offered"]), tell(bids["Up", 1, "Activated"]), tell(parse_loads(document(points)).iloc[:, 0])
    print(f"  {name:20} bids, offered:   {got[name][0][1]} of {got[name][0][0]} quarter-hours, MW from: {got[name][0][2]}")
    print(f"  {'':20} bids, activated: {got[name][1][1]} of {got[name][1][0]} quarter-hours, MW from: {got[name][1][2]}")
    print(f"  {'':20} as load:         {got[name][2][1]} of {got[name][2][0]} quarter-hours, MW from: {got[name][2][2]}")
print("A good guess: both documents say the same, and give the same tables (or an error).")
true, tenth = {"00:00": 200, "06:00": 500, "18:00": 300}, {"00:00": 20, "06:00": 50, "18:00": 30}
ok = (got["all 96 positions"] == ((96, 96, true), (96, 96, tenth), (96, 96, true))
      and got["positions 1, 25, 73"] == ((96, 3, {"00:00": 200, "00:15": 500, "00:30": 300}),
                                         (96, 3, {"00:00": 20, "00:15": 50, "00:30": 30}), (96, 96, true)))
print("STILL SO" if ok else "CHANGED")
sys.exit(0 if ok else 1)
PY
"$dir/venv/bin/python" "$dir/show.py"
