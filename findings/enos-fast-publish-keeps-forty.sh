#!/usr/bin/env bash
# The EnOS SDK for Python offers two ways to send without waiting. fast_publish()
# with QoS 1, called 500 times in a row while connected: the first 40 messages
# reach the broker, the other 460 vanish inside the SDK, with no exception, no
# return value and no log line. publish() with a callback, "in async way", loses
# none, because it does wait: it comes back only after the callback has run.
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
from enos.core.message.IResponseCallback import IResponseCallback
from enos.message.upstream.integration.IntMeaturepointPostRequest import IntMeaturepointPostRequest

print(f"mosquitto {sys.argv[2]} | python {sys.version.split()[0]}"
      f" | enos-mqtt-sdk-python {version('enos-mqtt-sdk-python')} | paho-mqtt {version('paho-mqtt')}")
logged = []
handler = logging.Handler()
handler.emit = lambda r: logged.append(r.getMessage())
logging.getLogger().addHandler(handler)
logging.getLogger().setLevel(logging.INFO)

with socket.socket() as s:
    s.bind(("127.0.0.1", 0))
    port = s.getsockname()[1]
with open(f"{sys.argv[1]}/conf", "w") as f:
    f.write(f"listener {port} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 100000\n")
broker = subprocess.Popen(["mosquitto", "-c", f"{sys.argv[1]}/conf"],
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
time.sleep(1)
arrived = []

def answer(client, _, message):                      # the platform: takes a batch of readings, says 200
    body = json.loads(message.payload)
    arrived.append(body["params"][0]["time"] - 1719835200000)
    client.publish(message.topic + "_reply", json.dumps({"id": body["id"], "code": 200, "data": {}}), 1)

class Callback(IResponseCallback):
    def on_response(self, response): called.append(response.get_code())
    def on_failure(self, exception): called.append(exception)

def reading(i):
    return IntMeaturepointPostRequest.builder().add_meaturepoint("device1", 1719835200000 + i, {"temp": 20.5}).build()

try:
    platform = paho.Client("platform")
    platform.max_inflight_messages_set(0)
    platform.on_message = answer
    platform.connect("127.0.0.1", port)
    platform.subscribe("/sys/+/integration/measurepoint/post", 1)
    platform.loop_start()
    time.sleep(0.5)
    gateway = MqttClient(profile=Profile.create_instance(
        MessageIntegrationLogin(f"tcp://127.0.0.1:{port}", "product", "secret")))
    gateway.connect()
    qos = reading(0).get_qos()
    logged.clear()
    returned = {gateway.fast_publish(reading(i)) for i in range(500)}
    time.sleep(5)
    fast, said = sorted(arrived), list(logged)
    print(f"  fast_publish(), QoS {qos}, 500 times: {len(fast)} arrived, numbers {fast[0]}..{fast[-1]}; "
          f"returned {returned}; log lines: {len(said)}; still connected: {gateway.is_connected()}")
    arrived.clear()
    called, already = [], 0
    for i in range(40):
        gateway.publish(reading(i), Callback())
        already += len(called) == i + 1
    time.sleep(1)
    print(f"  publish() with a callback, 40 times: {len(arrived)} arrived; "
          f"the callback had run before publish() came back: {already} of 40 times")
finally:
    gateway.close()
    platform.disconnect()
    platform.loop_stop()
    broker.terminate()
print("A good guess: all 500 arrive (or the call blocks, or raises); and with a callback publish() comes back at once.")
ok = (qos == 1 and 40 <= len(fast) < 120 and returned == {None} and not said
      and len(arrived) == 40 and already >= 36)
print("STILL SO" if ok else "CHANGED")
sys.exit(0 if ok else 1)
PY
"$dir/venv/bin/python" "$dir/show.py" "$dir" "$want"
