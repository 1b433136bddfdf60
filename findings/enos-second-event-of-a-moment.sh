#!/usr/bin/env bash
# Two readings of one device and one time, added one after the other to a request
# of the EnOS SDK for Python, are merged and both sent. Two events of one device
# and one time, added in the same way, are not: the second is written into a
# dictionary that nobody keeps. A trip and its cause, which share their time, leave
# as the first of the two. No exception; the order of the calls decides which.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
"${PYTHON:-python3.11}" -m venv "$dir/venv"
"$dir/venv/bin/python" -m pip install -q --disable-pip-version-check enos-mqtt-sdk-python==0.1.1 paho-mqtt==1.6.1
cat > "$dir/show.py" <<'PY'
import json, sys
from importlib.metadata import version
from enos.message.upstream.integration.IntEventPostRequest import IntEventPostRequest
from enos.message.upstream.integration.IntMeaturepointPostRequest import IntMeaturepointPostRequest

print(f"python {sys.version.split()[0]} | enos-mqtt-sdk-python {version('enos-mqtt-sdk-python')}")
T = 1719835200000

def events(*names):
    builder = IntEventPostRequest.builder()
    for name in names:
        builder.add_event("turbine1", T, name, {"level": 3})
    return [sorted(item["events"]) for item in json.loads(builder.build().encode())["params"]]

readings = json.loads(IntMeaturepointPostRequest.builder().add_meaturepoint("turbine1", T, {"speed": 0})
                      .add_meaturepoint("turbine1", T, {"temp": 95}).build().encode())["params"]
readings = [sorted(item["measurepoints"]) for item in readings]
other = json.loads(IntEventPostRequest.builder().add_event("turbine1", T, "trip", {"level": 3})
                   .add_event("turbine1", T + 1, "overheated", {"level": 3}).build().encode())["params"]
print(f"  readings speed, temp of one time:       sent {readings}")
print(f"  events trip, overheated of one time:    sent {events('trip', 'overheated')}")
print(f"  events overheated, trip of one time:    sent {events('overheated', 'trip')}")
print(f"  events a millisecond apart:             sent {[sorted(item['events']) for item in other]}")
print("A good guess: both events are sent, as both readings are.")
ok = (readings == [["speed", "temp"]] and events("trip", "overheated") == [["trip"]]
      and events("overheated", "trip") == [["overheated"]] and len(other) == 2)
print("STILL SO" if ok else "CHANGED")
sys.exit(0 if ok else 1)
PY
"$dir/venv/bin/python" "$dir/show.py"
