#!/usr/bin/env bash
# The EnOS SDK for Python has a request for attributes of the integration channel.
# Whatever is put in (add_attribute, set_attribute), the message that leaves has an
# empty list of items: the list is only filled if there are NO attributes. A
# platform that takes an empty message says 200, the SDK says success, and not one
# attribute of any device has ever been sent. add_attributes() raises TypeError.
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
from enos.message.upstream.integration.IntAttributePostRequest import IntAttributePostRequest
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
params = []

def answer(client, _, message):                      # the platform: all items of an empty list are fine
    body = json.loads(message.payload)
    params.append(body["params"])
    client.publish(message.topic + "_reply", json.dumps({"id": body["id"], "code": 200, "data": {}}), 1)

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
    said = {}
    for name, request in (
            ("measurepoint", IntMeaturepointPostRequest.builder().add_meaturepoint("d1", 1719835200000, {"temp": 20.5})),
            ("add_attribute", IntAttributePostRequest.builder().add_attribute("d1", "owner", "north")),
            ("set_attribute", IntAttributePostRequest.builder().set_attribute({"d1": {"owner": "north"}}))):
        said[name] = gateway.publish(request.build()).is_success()
        print(f"  {name:14} is_success() {said[name]}, params on the wire: {json.dumps(params[-1])}")
    try:
        raised = None
        IntAttributePostRequest.builder().add_attributes("d1", {"owner": "north"})
    except Exception as e:
        raised = type(e).__name__
    print(f"  add_attributes raised {raised}")
finally:
    gateway.close()
    platform.disconnect()
    platform.loop_stop()
    broker.terminate()
print("A good guess: the attribute is in params, as the reading is.")
ok = (params == [[{"deviceKey": "d1", "time": 1719835200000, "measurepoints": {"temp": 20.5}}], [], []]
      and set(said.values()) == {True} and raised == "TypeError")
print("STILL SO" if ok else "CHANGED")
sys.exit(0 if ok else 1)
PY
"$dir/venv/bin/python" "$dir/show.py" "$dir" "$want"
