#!/usr/bin/env bash
# A meter's load profile (DLMS) may leave out what has not changed since the row
# before: the time goes on by one period, a counter stays. dlms-cosem fills in the
# times and silently drops the other values: the row comes back one shorter and
# what follows moves up. On a sunny noon nothing is bought and some is sold; the
# sold energy then stands where the bought energy stands in all other rows, and
# with both unchanged the row is a time alone.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
"${PYTHON:-python3.11}" -m venv "$dir/venv"
"$dir/venv/bin/python" -m pip install -q --disable-pip-version-check dlms-cosem==25.1.0
cat > "$dir/show.py" <<'PY'
import sys
from importlib.metadata import version
from dlms_cosem import cosem, enumerations
from dlms_cosem.parsers import ProfileGenericBufferParser

print("python", sys.version.split()[0], "| dlms-cosem", version("dlms-cosem"))

def column(interface, obis):
    return cosem.CosemAttribute(interface=interface, instance=cosem.Obis.from_string(obis), attribute=2)

clock = column(enumerations.CosemInterface.CLOCK, "0.0.1.0.0.255")
bought = column(enumerations.CosemInterface.REGISTER, "1.0.1.8.0.255")
sold = column(enumerations.CosemInterface.REGISTER, "1.0.2.8.0.255")
names = {str(clock.instance): "time", str(bought.instance): "bought", str(sold.instance): "sold"}

NULL = b"\x00"                                               # A-XDR: null-data, "as in the row before"
at = lambda h, m: b"\x09\x0c" + (2024).to_bytes(2, "big") + bytes([7, 1, 1, h, m, 0, 0, 0xFF, 0x88, 0x80])
wh = lambda n: b"\x06" + n.to_bytes(4, "big")
rows = [(at(11, 30), wh(1000), wh(500)), (NULL, wh(1010), wh(520)), (NULL, NULL, wh(580)), (NULL, NULL, wh(640)), (NULL, NULL, NULL), (NULL, wh(1020), NULL)]
profile = b"\x01" + bytes([len(rows)]) + b"".join(b"\x02\x03" + b"".join(r) for r in rows)

parser = ProfileGenericBufferParser(capture_objects=[clock, bought, sold], capture_period=15)
table = parser.parse_bytes(profile)
true = [(1000, 500), (1010, 520), (1010, 580), (1010, 640), (1010, 640), (1020, 640)]
got = []
for row, (b, s) in zip(table, true):
    values = [c.value for c in row]
    got.append(values[1:])
    print(f"  {values[0]:%H:%M} sent and meant: bought {b:4}, sold {s:3}; the row that comes back: {len(row)} columns of 3, "
          f"{', '.join(f'{names[str(c.attribute.instance)]} {c.value}' for c in row[1:]) or 'nothing'}")
print("A good guess: three columns in every row, an unchanged value repeated as the time is carried on (or None in its place).")
ok = got == [[1000, 500], [1010, 520], [580], [640], [], [1020]] and [f"{r[0].value:%H:%M}" for r in table] == ["11:30", "11:45", "12:00", "12:15", "12:30", "12:45"]
print("STILL SO" if ok else "CHANGED")
sys.exit(0 if ok else 1)
PY
"$dir/venv/bin/python" "$dir/show.py"
