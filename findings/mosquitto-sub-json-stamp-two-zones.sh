#!/usr/bin/env bash
# mosquitto_sub -F %j, the usual way to log MQTT messages as JSON, stamps each
# with the LOCAL time followed by "Z" and by the local offset: 17:30:00Z+0530
# at 12:00 UTC. pandas then reads one and the same string two ways: Timestamp()
# turns the sign of the offset round and lands 11 hours late, to_datetime()
# is right; dateutil and pendulum (strict=False) are as late; the standard
# library, arrow and ciso8601 refuse it. Only on a machine kept in UTC is it harmless.
set -euo pipefail
export PATH="$PATH:/usr/sbin"
want=2.0.11-1.2+deb12u2
for p in mosquitto mosquitto-clients libmosquitto1; do
  have=$(dpkg-query -W -f '${Version}' $p 2>/dev/null || echo none)
  [ "$have" = "$want" ] || { echo "needs $p $want (Debian 12), found: $have"; exit 1; }
done
dir=$(mktemp -d)
broker=
trap 'kill $broker 2>/dev/null || true; rm -rf "$dir"' EXIT
"${PYTHON:-python3.11}" -m venv "$dir/venv"
"$dir/venv/bin/python" -m pip install -q --disable-pip-version-check \
  pandas==3.1.1 numpy==2.4.6 python-dateutil==4.0.0 arrow==1.4.0 ciso8601==2.3.3 pendulum==3.2.0 \
  tzdata==2026.6
port=$("$dir/venv/bin/python" -c '
import socket
s = socket.socket()
s.bind(("127.0.0.1", 0))
print(s.getsockname()[1])')
printf 'listener %s 127.0.0.1\nallow_anonymous true\n' "$port" > "$dir/conf"
mosquitto -c "$dir/conf" > "$dir/log" 2>&1 & broker=$!
sleep 1
for zone in UTC0 IST-5:30 EST5; do
  TZ=$zone mosquitto_sub -h 127.0.0.1 -p "$port" -t "log/$zone" -F %j -C 1 -W 10 > "$dir/$zone.json" & sub=$!
  for try in 1 2 3 4 5 6 7 8; do
    sleep 0.5
    kill -0 $sub 2>/dev/null || break
    mosquitto_pub -h 127.0.0.1 -p "$port" -t "log/$zone" -m 21.5
  done
  wait $sub
done
cat > "$dir/show.py" <<'PY'
import json, sys
from datetime import datetime, timezone
from importlib.metadata import version
import arrow, ciso8601, dateutil.parser, pandas as pd, pendulum

names = ["pandas", "python-dateutil", "arrow", "ciso8601", "pendulum"]
print("mosquitto_sub 2.0.11-1.2+deb12u2 | python", sys.version.split()[0])
print(" | ".join(f"{n} {version(n)}" for n in names))
readers = {
    "datetime.fromisoformat": datetime.fromisoformat,
    "pandas.to_datetime": pd.to_datetime,
    "pandas.Timestamp": pd.Timestamp,
    "dateutil.parser.parse": dateutil.parser.parse,
    "pendulum.parse, strict=False": lambda t: pendulum.parse(t, strict=False),
    "arrow.get": arrow.get,
    "ciso8601.parse_datetime": ciso8601.parse_datetime,
}
now = datetime.now(timezone.utc)
late = {}
for zone in sys.argv[2:]:
    stamp = json.load(open(f"{sys.argv[1]}/{zone}.json"))["tst"]
    print(f"  TZ={zone}: {stamp}   (true time about {now:%H:%M} UTC)")
    for name, read in readers.items():
        try:
            hours = (read(stamp).astimezone(timezone.utc) - now).total_seconds() / 3600
            late[zone, name] = round(hours * 2) / 2      # to the half hour; the run took seconds
        except ValueError:
            late[zone, name] = "refused"
        print(f"    {name:29}", late[zone, name] if late[zone, name] == "refused" else f"{late[zone, name]:+.1f} h off")
print("A good guess: the stamp is UTC or has one offset, and whoever reads it is 0 hours off.")
row = lambda zone: [late[zone, n] for n in readers]
R = "refused"
ok = (row("UTC0") == [R, 0, 0, 0, 0, R, R] and row("IST-5:30") == [R, 0, 11, 11, 11, R, R]
      and row("EST5") == [R, 0, -10, -10, -10, R, R])
print("STILL SO" if ok else "CHANGED")
sys.exit(0 if ok else 1)
PY
"$dir/venv/bin/python" "$dir/show.py" "$dir" UTC0 IST-5:30 EST5
