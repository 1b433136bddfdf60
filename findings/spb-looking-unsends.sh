#!/usr/bin/env bash
# mqtt-spb-wrapper (Sparkplug B) sends only the metrics that changed since the
# last DATA message. Its "changed" mark is cleared by reading the value, not by
# sending it: a line that prints, compares or logs a fresh reading before
# publish_data() takes that reading out of the message. Printing the whole
# group does no harm; get_value() and .value do. (Shown on the bytes that
# publish_data() hands to the MQTT client.)
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
"${PYTHON:-python3.11}" -m venv "$dir/venv"
"$dir/venv/bin/python" -m pip install -q --disable-pip-version-check \
  mqtt-spb-wrapper==2.1.2 paho-mqtt==1.6.1 protobuf==3.20.3
cat > "$dir/show.py" <<'PY'
import sys
from importlib.metadata import version
from mqtt_spb_wrapper.spb_base import SpbEntity, SpbPayloadParser

print("python", sys.version.split()[0], "| mqtt-spb-wrapper", version("mqtt-spb-wrapper"))
T = 1719835200000

def sent(look):
    device = SpbEntity("plant", "gateway", "pump")
    device.data.set_value("temperature", 20.5, T)
    device.data.set_value("pressure", 1.5, T)
    device.serialize_payload_data()                          # the first message: both
    device.data.set_value("temperature", 95.5, T + 1000)     # both change
    device.data.set_value("pressure", 6.5, T + 1000)
    look(device)
    payload = SpbPayloadParser(bytes(device.serialize_payload_data())).payload
    return [(m["name"], m["value"]) for m in payload.get("metrics", [])]

looks = {
    "nobody looks": lambda d: None,
    "str(d.data)": lambda d: str(d.data),
    "d.data.get_value('temperature')": lambda d: d.data.get_value("temperature"),
    "if d.data['temperature'].value > 90: alarm": lambda d: d.data["temperature"].value > 90,
    "log every value": lambda d: [m.value for m in d.data.values()],
}
got = {name: sent(look) for name, look in looks.items()}
for name, metrics in got.items():
    print(f"  {name:43} -> sent: {metrics}")
print("A good guess: reading a value changes nothing; both new values are sent in all five cases.")
both, rest = [("temperature", 95.5), ("pressure", 6.5)], [("pressure", 6.5)]
ok = list(got.values()) == [both, both, rest, rest, []]
print("STILL SO" if ok else "CHANGED")
sys.exit(0 if ok else 1)
PY
"$dir/venv/bin/python" "$dir/show.py"
