#!/usr/bin/env bash
# Electricity meters (DLMS) send each time with its distance from UTC. dlms-cosem
# gives it as a datetime with a zone - unless the distance is 0: a British or
# Portuguese meter in winter, and every meter kept in UTC, comes out without any
# zone, just as one that did not say. Turned into an instant, it is then taken for
# the local time of whatever machine reads it: 9 hours off in Tokyo. The summer
# half of the same meter's year is right.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
"${PYTHON:-python3.11}" -m venv "$dir/venv"
"$dir/venv/bin/python" -m pip install -q --disable-pip-version-check dlms-cosem==25.1.0
cat > "$dir/show.py" <<'PY'
import os, sys, time
from datetime import datetime, timedelta, timezone
from importlib.metadata import version
from dlms_cosem.time import datetime_from_bytes, datetime_to_bytes

print("python", sys.version.split()[0], "| dlms-cosem", version("dlms-cosem"))

def sent(local, minutes_to_utc, summer):
    """The 12 bytes a meter sends: date, weekday, time, hundredths, minutes from local time to UTC, status."""
    return (local.year.to_bytes(2, "big") + bytes([local.month, local.day, local.isoweekday(), local.hour, local.minute, local.second, 0])
            + minutes_to_utc.to_bytes(2, "big", signed=True) + bytes([0x80 if summer else 0]))

got = {}
os.environ["TZ"] = "JST-9"                                   # the reading machine is in Tokyo
time.tzset()
for where, month, to_utc in (("London, winter", 1, 0), ("London, summer", 7, -60), ("Berlin, winter", 1, -60), ("New York, winter", 1, 300),
                             ("a meter kept in UTC", 7, 0), ("one that does not say", 7, -32768)):
    local = datetime(2024, month, 15, 12)
    value, status = datetime_from_bytes(sent(local, to_utc, "summer" in where))
    read = value.timestamp()
    true = (local + timedelta(minutes=to_utc)).replace(tzinfo=timezone.utc).timestamp() if to_utc != -32768 else None
    off = None if true is None else (read - true) / 3600
    got[where] = value.tzinfo is not None, off
    print(f"  {where:22} {sent(local, to_utc, 'summer' in where).hex(' ')} -> {value.isoformat():26}"
          + ("" if off is None else f" as an instant {off:+.0f} h off"))
noon = datetime(2024, 1, 15, 12, tzinfo=timezone.utc)
back = datetime_from_bytes(datetime_to_bytes(noon))[0]
print(f"  written by itself and read back: {noon.isoformat()} -> {back.isoformat()}")
print("A good guess: 0 minutes to UTC is UTC: every time but the last has its zone, and is 0 h off.")
ok = got == {"London, winter": (False, -9.0), "London, summer": (True, 0.0), "Berlin, winter": (True, 0.0), "New York, winter": (True, 0.0),
             "a meter kept in UTC": (False, -9.0), "one that does not say": (False, None)} and back.tzinfo is None
print("STILL SO" if ok else "CHANGED")
sys.exit(0 if ok else 1)
PY
"$dir/venv/bin/python" "$dir/show.py"
