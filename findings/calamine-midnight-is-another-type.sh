#!/usr/bin/env bash
# An hourly log in an Excel sheet, one column of dates with times, one format.
# python-calamine hands back 23 datetimes a day and, for the row at midnight, a
# plain date - which in Python is never equal to the datetime of that midnight,
# so a look-up or a join by time silently misses one row of every day (the row
# that closes the day). openpyxl reads the same cells as datetimes, all of them.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
"${PYTHON:-python3.11}" -m venv "$dir/venv"
"$dir/venv/bin/python" -m pip install -q --disable-pip-version-check \
  openpyxl==3.1.5 python-calamine==0.9.1
cat > "$dir/show.py" <<'PY'
import sys
from collections import Counter
from datetime import date, datetime, timedelta
from importlib.metadata import version
import openpyxl
from python_calamine import CalamineWorkbook

print("python", sys.version.split()[0], "| openpyxl", version("openpyxl"), "| python-calamine", version("python-calamine"))
path = sys.argv[1] + "/log.xlsx"
times = [datetime(2024, 7, 1, 1) + timedelta(hours=i) for i in range(72)]
book = openpyxl.Workbook()
for i, t in enumerate(times):
    book.active.append([t, float(i)])
    book.active.cell(i + 1, 1).number_format = "yyyy-mm-dd hh:mm:ss"
book.save(path)

sheets = {
    "openpyxl": [(r[0].value, r[1].value) for r in openpyxl.load_workbook(path).active.iter_rows()],
    "python-calamine": [tuple(r) for r in CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python()],
}
lost = {}
for name, rows in sheets.items():
    by_time = dict(rows)
    lost[name] = [t for t in times if t not in by_time]
    print(f"  {name}: types {dict(Counter(type(r[0]).__name__ for r in rows))}; "
          f"rows not found by their own time: {[str(t) for t in lost[name]]}")
print("  rows around midnight, python-calamine:", [r[0] for r in sheets["python-calamine"][22:25]])
print("A good guess: a column of one format comes back as one type, all 72 rows found.")
ok = (lost["openpyxl"] == []
      and lost["python-calamine"] == [datetime(2024, 7, d) for d in (2, 3, 4)]
      and type(sheets["python-calamine"][23][0]) is date)
print("STILL SO" if ok else "CHANGED")
sys.exit(0 if ok else 1)
PY
"$dir/venv/bin/python" "$dir/show.py" "$dir"
