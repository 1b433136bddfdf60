#!/usr/bin/env bash
# Two brokers, the same MQTT 3.1.1 clients. The standard delivers at the lower
# of the publisher's and the subscriber's QoS. amqtt delivers at whatever the
# subscriber asked for FIRST: telemetry sent with QoS 0 arrives as QoS 2, four
# packets a message where the sender chose one, and asking again with QoS 0, to
# get rid of that, is granted and changes nothing.
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
"$dir/venv/bin/python" -m pip install -q --disable-pip-version-check amqtt==0.12.1 paho-mqtt==2.1.0
cat > "$dir/amqtt_broker.py" <<'PY'
import asyncio, logging, sys
from amqtt.broker import Broker
logging.disable(logging.CRITICAL)
async def main():
    broker = Broker({"listeners": {"default": {"type": "tcp", "bind": f"127.0.0.1:{sys.argv[1]}"}},
                     "plugins": {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}}})
    await broker.start()
    await asyncio.sleep(90)
asyncio.run(main())
PY
cat > "$dir/show.py" <<'PY'
import socket, subprocess, sys, time
from importlib.metadata import version
import paho.mqtt.client as paho

folder, mosquitto_version = sys.argv[1:]
print(f"mosquitto {mosquitto_version} | python {sys.version.split()[0]} | amqtt {version('amqtt')}"
      f" | paho-mqtt {version('paho-mqtt')}")

def start(name):
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    if name == "amqtt":
        command = [sys.executable, f"{folder}/amqtt_broker.py", str(port)]
    else:
        with open(f"{folder}/conf", "w") as f:
            f.write(f"listener {port} 127.0.0.1\nallow_anonymous true\n")
        command = ["mosquitto", "-c", f"{folder}/conf"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(150):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return process, port
        except OSError:
            time.sleep(0.1)
    process.terminate()
    raise SystemExit(f"{name} did not start")

def deliveries(port, *asked):
    got, granted = {}, []
    watcher = paho.Client(paho.CallbackAPIVersion.VERSION2, f"watcher{asked}".replace(" ", ""))
    watcher.on_message = lambda c, u, m: got.__setitem__(m.topic, m.qos)
    watcher.on_subscribe = lambda c, u, mid, codes, p: granted.append(codes[0].value)
    sender = paho.Client(paho.CallbackAPIVersion.VERSION2, "sender")
    for c in watcher, sender:
        c.connect("127.0.0.1", port)
        c.loop_start()
    time.sleep(0.5)
    for qos in asked:
        watcher.subscribe("readings/#", qos)
        time.sleep(0.5)
    for qos in 0, 1, 2:
        sender.publish(f"readings/{qos}", "20.5", qos)
    time.sleep(1)
    for c in watcher, sender:
        c.disconnect()
        c.loop_stop()
    return granted, [got.get(f"readings/{q}") for q in (0, 1, 2)]

seen = {}
for name in "mosquitto", "amqtt":
    process, port = start(name)
    try:
        for asked in (0,), (1,), (2,), (2, 0):
            granted, qos = deliveries(port, *asked)
            seen[name, asked] = qos if granted == list(asked) else ("granted", granted)
            print(f"  {name:9} subscribed with QoS {' then '.join(map(str, asked)):8} granted {granted!s:7}"
                  f" sent with QoS 0, 1, 2 -> received with {qos}")
    finally:
        process.terminate()
        process.wait()
print("A good guess: the lower of the two, and the newest subscription counts, on both brokers.")
row = lambda name: [seen[name, a] for a in ((0,), (1,), (2,), (2, 0))]
ok = (row("mosquitto") == [[0, 0, 0], [0, 1, 1], [0, 1, 2], [0, 0, 0]]
      and row("amqtt") == [[0, 0, 0], [1, 1, 1], [2, 2, 2], [2, 2, 2]])
print("STILL SO" if ok else "CHANGED")
sys.exit(0 if ok else 1)
PY
"$dir/venv/bin/python" "$dir/show.py" "$dir" "$want"
