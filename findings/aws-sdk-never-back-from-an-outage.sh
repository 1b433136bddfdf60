#!/usr/bin/env bash
# The AWS IoT SDK (AWSIoTPythonSDK) keeps what is published while the broker is
# away and sends it afterwards, two messages a second; what is published in the
# meantime goes to the end of that queue. So a gateway with more than two
# readings a second never comes back from an outage of three seconds: the line
# is up, every publish() goes on answering False, everything arrives (False means
# "queued", so a caller that tries again doubles it) later and later, for ever.
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
"$dir/venv/bin/python" -m pip install -q --disable-pip-version-check AWSIoTPythonSDK==1.6.2 paho-mqtt==2.1.0
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost \
  -keyout "$dir/key.pem" -out "$dir/cert.pem" 2> /dev/null
chmod 644 "$dir/key.pem"
cat > "$dir/show.py" <<'PY'
import logging, os, socket, subprocess, sys, threading, time
from importlib.metadata import version
import paho.mqtt.client as paho
from AWSIoTPythonSDK.MQTTLib import AWSIoTMQTTClient

folder, mosquitto_version = sys.argv[1:]
logging.disable(logging.CRITICAL)
print(f"mosquitto {mosquitto_version} | python {sys.version.split()[0]} | AWSIoTPythonSDK {version('AWSIoTPythonSDK')}")

def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]

tls, plain = free_port(), free_port()
with open(f"{folder}/conf", "w") as f:
    f.write(f"allow_anonymous true\nlistener {plain} 127.0.0.1\nlistener {tls} localhost\n"
            f"cafile {folder}/cert.pem\ncertfile {folder}/cert.pem\nkeyfile {folder}/key.pem\n")

def broker():
    process = subprocess.Popen(["mosquitto", "-c", f"{folder}/conf"],
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(1)
    return process

arrived = {}          # topic -> [(number, when)]
def watch():
    w = paho.Client(paho.CallbackAPIVersion.VERSION2, "watcher")
    w.on_message = lambda c, u, m: arrived.setdefault(m.topic, []).append((int(m.payload), time.monotonic()))
    w.connect("127.0.0.1", plain)
    w.subscribe("gateway/#", 1)
    w.loop_start()
    return w

class Gateway(threading.Thread):
    def __init__(self, per_second):
        super().__init__(daemon=True)
        self.per_second, self.topic, self.log, self.stop = per_second, f"gateway/{per_second}", [], False
        self.client = AWSIoTMQTTClient(self.topic.replace("/", "-"))
        self.client.configureEndpoint("localhost", tls)
        self.client.configureCredentials(f"{folder}/cert.pem", f"{folder}/key.pem", f"{folder}/cert.pem")
        self.client.configureAutoReconnectBackoffTime(1, 2, 20)
        self.client.connect()
    def run(self):
        begin = time.monotonic()
        while not self.stop:
            sent = time.monotonic()
            try:
                said = self.client.publish(self.topic, str(len(self.log)), 1)
            except Exception as e:
                said = type(e).__name__
            self.log.append((sent, said))
            time.sleep(max(0, begin + len(self.log) / self.per_second - time.monotonic()))

process = broker()
try:
    watcher = watch()
    gateways = [Gateway(1), Gateway(4)]
    for g in gateways:
        g.start()
    time.sleep(3)
    process.terminate()
    process.wait()
    lost = time.monotonic()
    watcher.loop_stop()
    time.sleep(2)
    process = broker()
    back = time.monotonic()
    watcher = watch()
    time.sleep(25)
    end = time.monotonic()
    for g in gateways:
        g.stop = True
    for g in gateways:
        g.join()
finally:
    process.terminate()

result = {}
for g in gateways:
    part = lambda a, b: [said for sent, said in g.log if a <= sent < b]
    before, late = part(0, lost - 0.5), part(end - 10, end)
    came = dict(arrived[g.topic])
    lag = lambda n: came[n] - g.log[n][0]
    recent = sorted(n for n, when in came.items() if when > back + 8)
    result[g.per_second] = (all(s is True for s in before), late.count(True), late.count(False), lag(recent[-1]))
    print(f"  {g.per_second} a second: before the outage publish() said True {before.count(True)} of {len(before)};")
    print(f"    15 to 25 s after it True {late.count(True)}, False {late.count(False)} times; a reading was late by "
          f"{lag(recent[0]):.1f} s at 8 s after it, {lag(recent[-1]):.1f} s at 25 s")
print("A good guess: some seconds after the outage both answer True again, with no delay.")
slow, fast = result[1], result[4]
ok = (slow[0] and slow[1] >= 8 and slow[2] == 0 and slow[3] < 2
      and fast[0] and fast[1] == 0 and fast[2] >= 30 and fast[3] > 8)
print("STILL SO" if ok else "CHANGED")
sys.stdout.flush()
os._exit(0 if ok else 1)
PY
"$dir/venv/bin/python" "$dir/show.py" "$dir" "$want"
