#!/usr/bin/env bash
# IEC 60870-5-104 in Python (c104): a reading's time is given as a datetime, and
# the library's own examples give it with a zone. The zone is thrown away, not
# converted: one and the same instant written as 12:00 UTC, 14:00+02:00 and
# 17:30+05:30 goes over the line as three times up to 5.5 hours apart, and both
# sides then hold them without a zone. transmit() answers True each time.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
"${PYTHON:-python3.11}" -m venv "$dir/venv"
"$dir/venv/bin/python" -m pip install -q --disable-pip-version-check c104==2.2.1
cat > "$dir/show.py" <<'PY'
import socket, sys, time
from datetime import datetime, timedelta, timezone
from importlib.metadata import version
import c104

print("python", sys.version.split()[0], "| c104", version("c104"))
with socket.socket() as s:
    s.bind(("127.0.0.1", 0))
    port = s.getsockname()[1]
server = c104.Server(ip="127.0.0.1", port=port)
point = server.add_station(1).add_point(11, c104.Type.M_ME_TF_1)          # a short float with a 7-byte time
client = c104.Client()
connection = client.add_connection("127.0.0.1", port, init=c104.Init.NONE)
heard = connection.add_station(1).add_point(11, c104.Type.M_ME_TF_1)
server.start()
client.start()
try:
    noon = datetime(2024, 7, 1, 12, tzinfo=timezone.utc)
    point.info = c104.ShortInfo(0.0, recorded_at=noon - timedelta(days=1))
    for _ in range(200):                                                  # until the line carries data
        if connection.is_connected and point.transmit(c104.Cot.SPONTANEOUS):
            break
        if connection.is_connected and connection.is_muted:
            connection.unmute()
        time.sleep(0.1)
    else:
        raise SystemExit("the two never came to talk")
    time.sleep(0.5)
    got = []
    for i, zone in enumerate((timezone.utc, timezone(timedelta(hours=2)), timezone(timedelta(hours=5, minutes=30)))):
        t = noon.astimezone(zone)
        assert t == noon
        point.info = c104.ShortInfo(20.5 + i, recorded_at=t)
        said = point.transmit(c104.Cot.SPONTANEOUS)
        for _ in range(50):
            time.sleep(0.1)
            if heard.value == 20.5 + i:
                break
        got.append((said, heard.value, heard.recorded_at.replace(tzinfo=None), heard.recorded_at.tzinfo))
        print(f"  recorded_at={t}: transmit() {said}, received {heard.value} at {heard.recorded_at}")
finally:
    client.stop()
    server.stop()
print("A good guess: one instant is one time on the line: three times 12:00 (or an error for zones it cannot take).")
ok = got == [(True, 20.5, datetime(2024, 7, 1, 12), None), (True, 21.5, datetime(2024, 7, 1, 14), None),
             (True, 22.5, datetime(2024, 7, 1, 17, 30), None)]
print("STILL SO" if ok else "CHANGED")
sys.exit(0 if ok else 1)
PY
TZ=UTC0 "$dir/venv/bin/python" "$dir/show.py"
