#!/usr/bin/env bash
# mosquitto tells MQTT 5 clients "at most 20 messages unacknowledged"; a client
# is meant to wait at that point. gmqtt takes the 20 for the number of message
# ids there are: the 20th QoS 1 publish of a burst raises OverflowError "All ids
# has already used. May be your QoS queue is full." (so one fewer than allowed,
# and a subscribe() raises it too). The same lines over MQTT 3.1.1 send all 300.
set -euo pipefail
export PATH="$PATH:/usr/sbin"
want=2.0.11-1.2+deb12u2
for p in mosquitto libmosquitto1; do
  have=$(dpkg-query -W -f '${Version}' $p 2>/dev/null || echo none)
  [ "$have" = "$want" ] || { echo "needs $p $want (Debian 12), found: $have"; exit 1; }
done
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
"${PYTHON:-python3.11}" -m venv "$dir/venv"
"$dir/venv/bin/python" -m pip install -q --disable-pip-version-check gmqtt==0.8.0 paho-mqtt==2.1.0
cat > "$dir/show.py" <<'PY'
import asyncio, logging, socket, subprocess, sys
from importlib.metadata import version
import gmqtt, paho.mqtt.client as paho

logging.disable(logging.CRITICAL)
print(f"mosquitto {sys.argv[2]} | python {sys.version.split()[0]} | gmqtt {version('gmqtt')}"
      f" | paho-mqtt {version('paho-mqtt')}")
V5, V311 = gmqtt.constants.MQTTv50, gmqtt.constants.MQTTv311

async def burst(client, setting, n=300):
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    with open(f"{sys.argv[1]}/conf", "w") as f:
        f.write(f"listener {port} 127.0.0.1\nallow_anonymous true\n{setting}\n")
    broker = subprocess.Popen(["mosquitto", "-c", f"{sys.argv[1]}/conf"],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    await asyncio.sleep(1)
    got, sent, error, sub_error = [], 0, "none", "none"
    watcher = paho.Client(paho.CallbackAPIVersion.VERSION2)
    watcher.on_message = lambda c, u, m: got.append(m.payload)
    watcher.connect("127.0.0.1", port)
    watcher.subscribe("readings", 0)
    watcher.loop_start()
    await asyncio.sleep(0.5)
    try:
        if client == "paho":
            gateway = paho.Client(paho.CallbackAPIVersion.VERSION2, "gateway", protocol=paho.MQTTv5)
            gateway.connect("127.0.0.1", port)
            gateway.loop_start()
            await asyncio.sleep(0.5)
            publish = lambda text: gateway.publish("readings", text, 1)
        else:
            gateway = gmqtt.Client("gateway")
            await gateway.connect("127.0.0.1", port, version=client)
            publish = lambda text: gateway.publish("readings", text, qos=1)
        for i in range(n):
            try:
                publish(str(i))
                sent += 1
            except OverflowError as e:
                error = f"{type(e).__name__}: {e}"
                try:
                    gateway.subscribe("commands", qos=1)
                except OverflowError as e:
                    sub_error = type(e).__name__
                break
        await asyncio.sleep(1.5)
        (gateway.disconnect(), gateway.loop_stop()) if client == "paho" else await gateway.disconnect()
    finally:
        watcher.disconnect(), watcher.loop_stop()
        broker.terminate()
        broker.wait()
    name = {V5: "gmqtt, MQTT 5", V311: "gmqtt, MQTT 3.1.1"}.get(client, "paho, MQTT 5")
    print(f"  {name:18} {setting or 'broker as shipped':26} accepted {sent:3} of {n}, arrived {len(got):3}; "
          f"subscribe: {sub_error}")
    print(f"    error: {error}")
    return sent, len(got), error[:13], sub_error

async def main():
    return [await burst("paho", ""), await burst(V311, ""),
            await burst(V5, ""), await burst(V5, "max_inflight_messages 100")]

got = asyncio.run(main())
print("A good guess: 300 of 300 in every row; a client of QoS 1 waits for the broker's window by itself.")
full = (300, 300, "none", "none")
ok = got == [full, full, (19, 19, "OverflowError", "OverflowError"), (99, 99, "OverflowError", "OverflowError")]
print("STILL SO" if ok else "CHANGED")
sys.exit(0 if ok else 1)
PY
"$dir/venv/bin/python" "$dir/show.py" "$dir" "$want"
