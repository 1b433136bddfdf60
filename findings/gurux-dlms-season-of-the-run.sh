#!/usr/bin/env bash
# Gurux DLMS, a library that reads electricity meters, writes a local time
# with the UTC offset that holds on the day the PROGRAM runs, not on the day it
# names. Run in winter, "15 July 2024, 12:00" goes to the meter an hour off (and
# prints itself as 13:00 when it comes back); run in summer it is 15 January that
# is wrong. So the same request for the same rows of a load profile asks for
# other hours in another season. Python's own astimezone() gets every one right.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
"${PYTHON:-python3.11}" -m venv "$dir/venv"
"$dir/venv/bin/python" -m pip install -q --disable-pip-version-check gurux-dlms==1.0.203
cat > "$dir/show.py" <<'PY'
import os, struct, sys, time
from datetime import datetime, timedelta, timezone
from importlib.metadata import version
from gurux_dlms import GXByteBuffer, GXDateTime, GXDLMSClient
from gurux_dlms.enums import DataType
from gurux_dlms.internal._GXCommon import _GXCommon

print("python", sys.version.split()[0], "| gurux-dlms", version("gurux-dlms"))

def wire(value):                           # the 12 bytes of a DLMS date-time, as a write or a range read sends them
    buffer = GXByteBuffer()
    _GXCommon.setData(None, buffer, DataType.OCTET_STRING, value)
    return bytes(buffer.array())[2:2 + 12]

def instant(b):                            # byte 9, 10: minutes from local time to UTC
    year, month, day, _, hour, minute, second, _, to_utc = struct.unpack(">HBBBBBBBh", b[:11])
    return datetime(year, month, day, hour, minute, second, tzinfo=timezone.utc) + timedelta(minutes=to_utc)

expected, got = [], []
# Two zones with summer time, as POSIX rules: Central Europe and New South Wales.
for zone in "CET-1CEST,M3.5.0,M10.5.0/3", "AEST-10AEDT,M10.1.0,M4.1.0/3":
    os.environ["TZ"] = zone
    time.tzset()
    summer_now = time.localtime().tm_isdst > 0
    for local in datetime(2024, 1, 15, 12), datetime(2024, 7, 15, 12):
        true = local.astimezone()
        sent = wire(GXDateTime(local))
        back = GXDLMSClient.changeType(sent, DataType.DATETIME)
        off = (instant(sent) - true).total_seconds() / 3600
        same_season = bool(true.dst() or time.localtime(true.timestamp()).tm_isdst) == summer_now
        expected.append(0 if same_season else 1 if not summer_now else -1)
        got.append(off)
        print(f"  {zone[:9]:9} today {time.strftime('%z')}: {local:%d %b %Y %H:%M} (truly {true:%z}) -> "
              f"{sent.hex(' ')}\n            = {off:+.0f} h; read back: {back}")
        assert instant(wire(GXDateTime(true))) == true      # with its offset given it is right
print("A good guess: every time gets the offset of its own day: 0 h in all four rows.")
ok = got == expected and any(expected)
print("STILL SO" if ok else "CHANGED")
sys.exit(0 if ok else 1)
PY
LC_ALL=C "$dir/venv/bin/python" "$dir/show.py"
