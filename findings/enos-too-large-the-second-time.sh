#!/usr/bin/env bash
# The EnOS SDK for Python refuses messages above 512 KiB with an exception. It
# checks the size before it makes the message, and what it checks is the size of
# the last time: 0 for a new request. So a request of 600 KB is sent, and answered,
# and the same object published once more (a repeat after a time-out) is refused as
# too large. A request that was large once is refused even after it was made small.
set -euo pipefail
export PATH="$PATH:/usr/sbin"
want=2.0.11-1.2+deb12u2
for p in mosquitto libmosquitto1; do
  have=$(dpkg-query -W -f '${Version}' $p 2>/dev/null || echo none)
  [ "$have" = "$want" ] || { echo "needs $p $want (Debian 12), found: $have"; exit 1; }
done
dir=$(mktemp -d)
chmod 755 "$dir"
trap 'rm -rf "$dir"' EXIT
"${PYTHON:-python3.11}" -m venv "$dir/venv"
"$dir/venv/bin/python" -m pip install -q --disable-pip-version-check enos-mqtt-sdk-python==0.1.1 paho-mqtt==1.6.1
cat > "$dir/show.py" <<'PY'
import json, logging, socket, subprocess, sys, time
from importlib.metadata import version
import paho.mqtt.client as paho
from enos.core.MqttClient import MqttClient
from enos.core.internal.Profile import Profile
from enos.core.login.MessageIntegrationLogin import MessageIntegrationLogin
from enos.message.upstream.integration.IntMeaturepointPostRequest import IntMeaturepointPostRequest

logging.disable(logging.CRITICAL)
print(f"mosquitto {sys.argv[2]} | python {sys.version.split()[0]}"
      f" | enos-mqtt-sdk-python {version('enos-mqtt-sdk-python')} | paho-mqtt {version('paho-mqtt')}")
with socket.socket() as s:
    s.bind(("127.0.0.1", 0))
    port = s.getsockname()[1]
with open(f"{sys.argv[1]}/conf", "w") as f:
    f.write(f"listener {port} 127.0.0.1\nallow_anonymous true\n")
broker = subprocess.Popen(["mosquitto", "-c", f"{sys.argv[1]}/conf"],
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
time.sleep(1)
arrived = []

def answer(client, _, message):
    arrived.append(len(message.payload))
    body = json.loads(message.payload)
    client.publish(message.topic + "_reply", json.dumps({"id": body["id"], "code": 200, "data": {}}), 1)

def publish(request):
    try:
        return gateway.publish(request).get_code()
    except Exception as e:
        return str(e).split("error: ")[-1].split(",")[0]

try:
    platform = paho.Client("platform")
    platform.on_message = answer
    platform.connect("127.0.0.1", port)
    platform.subscribe("/sys/+/integration/+/post", 1)
    platform.loop_start()
    time.sleep(0.5)
    gateway = MqttClient(profile=Profile.create_instance(
        MessageIntegrationLogin(f"tcp://127.0.0.1:{port}", "product", "secret")))
    gateway.connect()
    request = IntMeaturepointPostRequest.builder().add_meaturepoint("d1", 1719835200000, {"text": "x" * 600_000}).build()
    first = publish(request)
    again = publish(request)
    request.set_params([])
    small = publish(request)
    fresh = publish(IntMeaturepointPostRequest.builder()
                    .add_meaturepoint("d1", 1719835200000, {"text": "x" * 600_000}).build())
    print(f"  a request of 600 KB:                {first}")
    print(f"  the same object again:              {again}")
    print(f"  the same object, made empty:        {small}")
    print(f"  a new object with the same content: {fresh}")
    print(f"  the platform got messages of {arrived} bytes")
finally:
    gateway.close()
    platform.disconnect()
    platform.loop_stop()
    broker.terminate()
print("A good guess: 600 KB are refused (or taken) each time, and the empty request is taken.")
ok = (first == 200 and fresh == 200 and "too large" in str(again) and "too large" in str(small)
      and len(arrived) == 2 and min(arrived) > 600_000)
print("STILL SO" if ok else "CHANGED")
sys.exit(0 if ok else 1)
PY
"$dir/venv/bin/python" "$dir/show.py" "$dir" "$want"
