#!/usr/bin/env bash
# entsoe-py reads the price of balancing reserve as ENTSO-E's platform delivers
# it, a series a day in one document. Two days: the first ends at 20 EUR, the
# second begins at 100 EUR. The table says 60 EUR for the first quarter-hour of
# the second day, a price that is in no document: each day is given one row too
# many at its end, and where two rows meet their mean is taken. So it is at every
# midnight, and at the end of the table one row is left over.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
"${PYTHON:-python3.11}" -m venv "$dir/venv"
"$dir/venv/bin/python" -m pip install -q --disable-pip-version-check entsoe-py==0.8.1 pandas==3.1.1 numpy==2.4.6
cat > "$dir/show.py" <<'PY'
import sys
from importlib.metadata import version
from entsoe.parsers import parse_contracted_reserve

print("python", sys.version.split()[0], "| entsoe-py", version("entsoe-py"), "| pandas", version("pandas"))

def series(first, last, points):
    """One TimeSeries of a balancing document, hourly; curve type A03: a position not named repeats the one before."""
    points = "".join(f"<Point><position>{p}</position><procurement_Price.amount>{v}</procurement_Price.amount></Point>" for p, v in points)
    return ("<TimeSeries><mRID>1</mRID><businessType>A95</businessType><flowDirection.direction>A01</flowDirection.direction>"
            "<currency_Unit.name>EUR</currency_Unit.name><curveType>A03</curveType><Period><timeInterval>"
            f"<start>{first}T22:00Z</start><end>{last}T22:00Z</end></timeInterval><resolution>PT60M</resolution>{points}</Period></TimeSeries>")

def read(*parts):
    document = "<Balancing_MarketDocument>" + "".join(parts) + "</Balancing_MarketDocument>"
    return parse_contracted_reserve(document, "Europe/Paris", "procurement_price.amount").iloc[:, 0]

monday = series("2024-06-30", "2024-07-01", [(1, 10), (13, 20)])          # 1 July, local time: 10 until noon, then 20
tuesday = series("2024-07-01", "2024-07-02", [(1, 100), (13, 40)])        # 2 July: 100 until noon, then 40
got = {}
for name, parts in (("1 July alone", [monday]), ("2 July alone", [tuesday]), ("both", [monday, tuesday])):
    table = read(*parts)
    changes = table[table != table.shift()]
    got[name] = len(table), {f"{t:%d %H:%M}": float(v) for t, v in changes.items()}, f"{table.index[-1]:%d %H:%M}"
    print(f"  {name:12} {len(table)} quarter-hours, last {got[name][2]}; EUR from: {got[name][1]}")
print("A good guess: the prices of the documents, 96 quarter-hours a day, the last at 23:45; 100 EUR from midnight on.")
ok = got == {"1 July alone": (97, {"01 00:00": 10.0, "01 12:00": 20.0}, "02 00:00"),
             "2 July alone": (97, {"02 00:00": 100.0, "02 12:00": 40.0}, "03 00:00"),
             "both": (193, {"01 00:00": 10.0, "01 12:00": 20.0, "02 00:00": 60.0, "02 00:15": 100.0, "02 12:00": 40.0}, "03 00:00")}
print("STILL SO" if ok else "CHANGED")
sys.exit(0 if ok else 1)
PY
"$dir/venv/bin/python" "$dir/show.py"
