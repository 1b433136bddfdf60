#!/usr/bin/env bash
# A client subscribes to all of a plant with QoS 1 and to one reading of it with
# QoS 0 (a display). MQTT 3.1.1 demands the higher of the two for a message that
# matches both. mosquitto sends one copy with the QoS of the narrower filter, level
# by level: a plain name before "+" before "#". So the second subscription takes the
# guarantee away while the client is connected, and gives it back while it is away.
# The same client with MQTT 5 gets the message twice, once with either QoS.
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
"$dir/venv/bin/python" -m pip install -q --disable-pip-version-check paho-mqtt==2.1.0
cat > "$dir/show.py" <<'PY'
import socket, subprocess, sys, time
from importlib.metadata import version
import paho.mqtt.client as paho
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

folder, mosquitto_version = sys.argv[1:]
print(f"mosquitto {mosquitto_version} | python {sys.version.split()[0]} | paho-mqtt {version('paho-mqtt')}")
with socket.socket() as s:
    s.bind(("127.0.0.1", 0))
    port = s.getsockname()[1]
with open(f"{folder}/conf", "w") as f:
    f.write(f"listener {port} 127.0.0.1\nallow_anonymous true\n")

class Client:
    def __init__(self, name, protocol):
        old = protocol == paho.MQTTv311
        self.got, self.granted = [], []
        self.client = paho.Client(paho.CallbackAPIVersion.VERSION2, name, protocol=protocol,
                                  **({"clean_session": False} if old else {}))
        self.client.on_message = lambda c, u, m: self.got.append(m.qos)
        self.client.on_subscribe = lambda c, u, mid, codes, p: self.granted.append(codes[0].value)
        if old:
            self.client.connect("127.0.0.1", port)
        else:
            keep = Properties(PacketTypes.CONNECT)
            keep.SessionExpiryInterval = 600
            self.client.connect("127.0.0.1", port, clean_start=False, properties=keep)
        self.client.loop_start()
        time.sleep(0.5)

    def close(self):
        self.client.disconnect()
        self.client.loop_stop()

def deliveries(protocol, filters):
    """The QoS of every copy of a QoS 1 message: sent while the client is there, and while it is away."""
    name = f"{protocol}{filters}".translate(str.maketrans("", "", " '(),/+#"))
    client = Client(name, protocol)
    for topic, qos in filters:
        client.client.subscribe(topic, qos)
    time.sleep(0.5)
    assert client.granted == [qos for _, qos in filters], client.granted
    sender.client.publish("plant/1", "20.5", 1).wait_for_publish(10)
    time.sleep(0.5)
    there = sorted(client.got)
    client.close()
    sender.client.publish("plant/1", "20.5", 1).wait_for_publish(10)
    client = Client(name, protocol)
    time.sleep(0.5)
    away = sorted(client.got)
    client.client.unsubscribe([topic for topic, _ in filters])
    time.sleep(0.1)
    client.close()
    return there, away

broker = subprocess.Popen(["mosquitto", "-c", f"{folder}/conf"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
time.sleep(1)
narrow_and_wide = ("plant/1", "plant/+"), ("plant/1", "plant/#"), ("plant/+", "plant/#"), ("plant/#", "+/1")
ok = True
try:
    sender = Client("sender", paho.MQTTv5)
    for narrow, wide in narrow_and_wide:
        for filters in (((narrow, 0), (wide, 1)), ((wide, 0), (narrow, 1))):
            old, new = deliveries(paho.MQTTv311, filters), deliveries(paho.MQTTv5, filters)
            of_narrow = dict(filters)[narrow]
            print(f"  {' and '.join(f'{t} with {q}' for t, q in filters):34} 3.1.1: connected {old[0]}, away {old[1]}"
                  f"   5: connected {new[0]}, away {new[1]}")
            ok = ok and old == ([of_narrow], [1]) and new == ([0, 1], [1])
    sender.close()
finally:
    broker.terminate()
    broker.wait()
print("A good guess: one copy with QoS 1 in every row: the standard wants the highest QoS of what matches.")
print("STILL SO" if ok else "CHANGED")
sys.exit(0 if ok else 1)
PY
"$dir/venv/bin/python" "$dir/show.py" "$dir" "$want"
