#!/usr/bin/env bash
# An MQTT 5 message can say how many seconds it is good for. mosquitto forgets one
# with an expiry of 1 after a second. One with an expiry of 0, the shortest there
# is ("now or never", for a command that must not come late), it never forgets:
# it waits in the session of a client that is away, a retained one greets every
# later subscriber, and nobody is told that it had a limit. For a session, an
# expiry of 0 means what it says: it ends at once.
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

def connect(name, session_expiry=None, clean=True):
    """A client, what it receives as {expiry asked for: expiry it is told}, and whether its session was there."""
    got, present = {}, []
    def on_message(client, userdata, m):
        got[m.topic.split("/")[-1]] = getattr(m.properties, "MessageExpiryInterval", None)
    client = paho.Client(paho.CallbackAPIVersion.VERSION2, name, protocol=paho.MQTTv5)
    client.on_message = on_message
    client.on_connect = lambda c, u, flags, code, p: present.append(flags.session_present)
    properties = Properties(PacketTypes.CONNECT)
    if session_expiry is not None:
        properties.SessionExpiryInterval = session_expiry
    client.connect("127.0.0.1", port, clean_start=clean, properties=properties)
    client.loop_start()
    time.sleep(0.5)
    return client, got, present

def close(client):
    client.disconnect()
    client.loop_stop()

def send(folder, retain):
    for expiry in None, 0, 1, 60:
        properties = Properties(PacketTypes.PUBLISH)
        if expiry is not None:
            properties.MessageExpiryInterval = expiry
        packed.append(properties.pack().hex())
        sender.publish(f"{folder}/{expiry}", "open", 1, retain, properties).wait_for_publish(10)

packed = []
broker = subprocess.Popen(["mosquitto", "-c", f"{folder}/conf"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
time.sleep(1)
try:
    sender, _, _ = connect("sender")
    for name, seconds in ("away", 600), ("gone", 0):
        client, _, _ = connect(name, seconds)
        client.subscribe("queued/#", 1)
        time.sleep(0.3)
        close(client)
    live, at_once, _ = connect("live")
    live.subscribe("queued/#", 1)
    time.sleep(0.3)
    send("queued", False)
    send("retained", True)
    time.sleep(4)
    client, later, kept = connect("away", 600, clean=False)
    close(client)
    client, _, lost = connect("gone", 600, clean=False)
    close(client)
    client, retained, _ = connect("new")
    client.subscribe("retained/#", 1)
    time.sleep(0.5)
    for c in client, live, sender:
        close(c)
finally:
    broker.terminate()
    broker.wait()
print(f"  properties on the wire with no expiry, 0, 1, 60: {packed[:4]}")
def row(label, got):
    print(f"  {label:47}" + ", ".join(f"expiry {k} (told {v})" for k, v in got.items()))
row("who is connected gets", at_once)
row("who comes back four seconds later gets", later)
row("who subscribes to the retained ones then gets", retained)
print(f"  the session with an expiry of 600 is there: {kept[0]}, the one with 0: {lost[0]}")
print("A good guess: with 0 only who is connected gets it; four seconds later, None and 60 are left.")
near = lambda got: list(got) == ["None", "0", "60"] and got["None"] is got["0"] is None and 50 <= got["60"] < 60
ok = (packed[:4] == ["00", "050200000000", "050200000001", "05020000003c"]
      and list(at_once) == ["None", "0", "1", "60"] and at_once["0"] is None
      and near(later) and near(retained) and kept == [True] and lost == [False])
print("STILL SO" if ok else "CHANGED")
sys.exit(0 if ok else 1)
PY
"$dir/venv/bin/python" "$dir/show.py" "$dir" "$want"
