#!/usr/bin/env bash
# The broker is gone for some seconds; a gateway goes on publishing with QoS 1,
# its client reconnects by itself. paho delivers all of it afterwards. gmqtt
# takes and stores the same messages too, and on reconnecting throws the whole
# store away because the broker says "no earlier session": always so with its
# default clean session, and with a kept session too if the broker restarts
# without saved sessions. No exception, no callback, no log line when it does.
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
import asyncio, logging, os, socket, subprocess, sys, tempfile
from importlib.metadata import version
import gmqtt, paho.mqtt.client as paho

print(f"mosquitto {sys.argv[2]} | python {sys.version.split()[0]} | gmqtt {version('gmqtt')}"
      f" | paho-mqtt {version('paho-mqtt')}")
logged = []
handler = logging.Handler(logging.WARNING)
handler.emit = lambda r: logged.append(r.getMessage())
N = 10

class Broker:
    def __init__(self, saves):
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            self.port = s.getsockname()[1]
        self.folder = tempfile.mkdtemp(dir=sys.argv[1])
        os.chmod(sys.argv[1], 0o755), os.chmod(self.folder, 0o777)
        with open(f"{self.folder}/conf", "w") as f:
            f.write(f"listener {self.port} 127.0.0.1\nallow_anonymous true\npersistence {str(saves).lower()}\n"
                    f"persistence_location {self.folder}/\n")
    async def up(self):
        self.process = subprocess.Popen(["mosquitto", "-c", f"{self.folder}/conf"],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        await asyncio.sleep(1)
    def down(self):
        self.process.terminate()
        self.process.wait()

class Paho:
    def __init__(self, **k):
        self.client = paho.Client(paho.CallbackAPIVersion.VERSION2, "gateway", protocol=paho.MQTTv311, **k)
        self.client.reconnect_delay_set(4, 4)
    async def connect(self, port):
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()
    def publish(self, text): self.client.publish("readings", text, 1)
    def connected(self): return self.client.is_connected()
    async def close(self): self.client.disconnect(), self.client.loop_stop()

class Gmqtt:
    def __init__(self, **k):
        self.client = gmqtt.Client("gateway", **k)
        self.client.set_config({"reconnect_retries": -1, "reconnect_delay": 4})
    async def connect(self, port): await self.client.connect("127.0.0.1", port, version=gmqtt.constants.MQTTv311)
    def publish(self, text): self.client.publish("readings", text, qos=1)
    def connected(self): return self.client.is_connected
    async def close(self): await self.client.disconnect()

log = logging.getLogger("gmqtt")
log.propagate = False
log.addHandler(handler)

async def outage(name, make, saves, **k):
    broker = Broker(saves)
    await broker.up()
    try:
        gateway = make(**k)
        await gateway.connect(broker.port)
        await asyncio.sleep(1)
        gateway.publish("before")
        await asyncio.sleep(0.5)
        broker.down()
        await asyncio.sleep(1)
        for i in range(N):
            gateway.publish(f"during {i}")                     # gmqtt warns here: "TRYING WRITE TO CLOSED SOCKET"
        await asyncio.sleep(0.1)
        logged.clear()                                         # but what does it say when it drops them?
        await broker.up()
        got = []
        watcher = paho.Client(paho.CallbackAPIVersion.VERSION2)
        watcher.on_message = lambda c, u, m: got.append(m.payload.decode())
        watcher.connect("127.0.0.1", broker.port)
        watcher.subscribe("readings", 1)
        watcher.loop_start()
        for _ in range(100):                                   # until it is back, then long enough to send
            await asyncio.sleep(0.1)
            if gateway.connected(): break
        await asyncio.sleep(2)
        gateway.publish("after")
        await asyncio.sleep(1)
        said = len([m for m in logged if "reconnect" not in m.lower()])
        await gateway.close()
        watcher.disconnect(), watcher.loop_stop()
    finally:
        broker.down()
    during = len({g for g in got if g.startswith("during")})
    print(f"  {name:46} {during:2} of {N} of the outage came,"
          f" {'and' if 'after' in got else 'NOT'} the one after it; warnings then: {said}")
    return during, "after" in got, said

async def main():
    return [await outage("paho,  clean session", Paho, False, clean_session=True),
            await outage("gmqtt, default (clean session)", Gmqtt, False),
            await outage("gmqtt, kept session, broker saves no sessions", Gmqtt, False, clean_session=False),
            await outage("gmqtt, kept session, broker saves sessions", Gmqtt, True, clean_session=False)]

got = asyncio.run(main())
print(f"A good guess: QoS 1 and an automatic reconnect: {N} of {N} in every row.")
ok = got == [(N, True, 0), (0, True, 0), (0, True, 0), (N, True, 0)]
print("STILL SO" if ok else "CHANGED")
sys.exit(0 if ok else 1)
PY
"$dir/venv/bin/python" "$dir/show.py" "$dir" "$want"
