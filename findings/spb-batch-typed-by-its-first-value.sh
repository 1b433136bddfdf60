#!/usr/bin/env bash
# mqtt-spb-wrapper (Sparkplug B) sends a list of values with their times as one
# data set. The first value of the list decides the type of all: a batch that
# begins with a whole number (20, not 20.0) reaches the other side with every
# later reading cut to whole degrees, though the bytes on the wire still carry
# 20.7; and a batch of floats travels in single precision, where the very same
# reading sent alone travels in double: 123456789.12 kWh becomes 123456790.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
"${PYTHON:-python3.11}" -m venv "$dir/venv"
"$dir/venv/bin/python" -m pip install -q --disable-pip-version-check \
  mqtt-spb-wrapper==2.1.2 paho-mqtt==1.6.1 protobuf==3.20.3
cat > "$dir/show.py" <<'PY'
import sys
from importlib.metadata import version
from mqtt_spb_wrapper.spb_base import SpbEntity
from mqtt_spb_wrapper.spb_protobuf import Payload

print("python", sys.version.split()[0], "| mqtt-spb-wrapper", version("mqtt-spb-wrapper"))
T = 1719835200000

def through(value, times):
    device, host = SpbEntity("plant", "gateway", "meter"), SpbEntity("plant", "gateway", "meter")
    device.data.set_value("x", value, times)
    wire = bytes(device.serialize_payload_data())
    host.deserialize_payload_data(wire)
    sent = Payload()
    sent.ParseFromString(wire)
    kinds = [e.elements[1].WhichOneof("value") for e in sent.metrics[0].dataset_value.rows] \
        or [sent.metrics[0].WhichOneof("value")]
    got = host.data.get_value("x")
    print(f"  sent {str(value):26} as {', '.join(kinds):43} received {got}")
    return got

times = [T, T + 60000, T + 120000]
whole_first = through([20, 20.7, 21.9], times)
whole_later = through([20.7, 20, 21.9], times)
alone = through(123456789.12, T)
batch = through([123456789.12, 123456790.62], times[:2])
print("A good guess: what arrives is what was sent, in any order, alone or in a batch.")
ok = (whole_first == [20, 20, 21] and [round(v, 5) for v in whole_later] == [20.7, 20.0, 21.9]
      and alone == 123456789.12 and batch == [123456790.0, 123456790.0])
print("STILL SO" if ok else "CHANGED")
sys.exit(0 if ok else 1)
PY
"$dir/venv/bin/python" "$dir/show.py"
