#!/usr/bin/env bash
# Heat, water and electricity meters on the M-Bus tell their clock in one of two
# forms: four bytes to the minute, or six bytes to the second. pyMeterBus reads
# the six bytes as if they were the four: seconds as minutes, minutes as hours,
# hours as the day, the day as the month. 2024-07-01 12:34:56 comes out as
# 2001-01-12T02:56, a date like any other, with no error. Its own right decoder
# for the six bytes is there and never reached.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
"${PYTHON:-python3.11}" -m venv "$dir/venv"
"$dir/venv/bin/python" -m pip install -q --disable-pip-version-check pyMeterBus==0.8.5
cat > "$dir/show.py" <<'PY'
import sys
from datetime import datetime
from importlib.metadata import version
import meterbus

print("python", sys.version.split()[0], "| pyMeterBus", version("pyMeterBus"))

def telegram(records):
    """A long frame of meter 12345678: energy 12345 kWh, then the records."""
    head = bytes.fromhex("080172 78563412 2423 28 04 01 00 0000".replace(" ", ""))
    body = head + bytes([0x04, 0x06]) + (12345).to_bytes(4, "little") + records
    return bytes([0x68, len(body), len(body), 0x68]) + body + bytes([sum(body) & 0xFF, 0x16])

def to_the_minute(t):                                        # EN 13757-3, type F: DIF 04, VIF 6D
    y = t.year - 2000
    return bytes([0x04, 0x6D, t.minute, t.hour, t.day | (y & 7) << 5, t.month | (y >> 3) << 4])

def to_the_second(t):                                        # EN 13757-3, type I: DIF 06, VIF 6D
    y = t.year - 2000
    return bytes([0x06, 0x6D, t.second, t.minute, t.hour | t.isoweekday() << 5, t.day | (y & 7) << 5, t.month | (y >> 3) << 4, t.isocalendar()[1]])

got = {}
for t in datetime(2024, 7, 1, 12, 34, 56), datetime(2024, 7, 2, 8, 15), datetime(2024, 7, 3, 23, 59, 59), datetime(2026, 11, 30, 6, 0, 30):
    energy, minute, second = meterbus.load(telegram(to_the_minute(t) + to_the_second(t))).records
    assert (energy.value, energy.unit) == (12345000, "Wh")
    got[t] = minute.value, second.value
    own = second.dataField.decodeDateTimeWithSeconds
    print(f"  {t}: four bytes {to_the_minute(t)[2:].hex(' '):11} -> {minute.value}; six bytes {to_the_second(t)[2:].hex(' '):17} -> {second.value}"
          f"  (its unused decoder: {own})")
    assert own == t.isoformat()
print("A good guess: the same time from both, with the seconds from the second (or an error).")
ok = all(m == f"{t:%Y-%m-%dT%H:%M}" and s != m and not s.startswith(f"{t:%Y-%m}") for t, (m, s) in got.items())
ok = ok and got[datetime(2024, 7, 1, 12, 34, 56)][1] == "2001-01-12T02:56"
print("STILL SO" if ok else "CHANGED")
sys.exit(0 if ok else 1)
PY
"$dir/venv/bin/python" "$dir/show.py"
