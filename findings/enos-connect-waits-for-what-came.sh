#!/usr/bin/env bash
# connect() of the EnOS SDK for Python returns when the broker has accepted the
# client. Is the broker near, its acceptance often comes before connect() begins to
# wait for it. Then connect() waits 10 seconds for something that has happened,
# logs "connect timeout" as an error, and returns: the client is connected, and was
# all the time. It hits the first connection of a new process, so most programs.
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
"$dir/venv/bin/python" -m pip install -q --disable-pip-version-check enos-mqtt-sdk-python==0.1.1 paho-mqtt==2.1.0
cat > "$dir/one.py" <<'PY'
import json, logging, sys, time
from enos.core.MqttClient import MqttClient
from enos.core.internal.Profile import Profile
from enos.core.login.MessageIntegrationLogin import MessageIntegrationLogin

logged = []
handler = logging.Handler(logging.ERROR)
handler.emit = lambda record: logged.append(record.getMessage())
logging.getLogger().addHandler(handler)
profile = Profile.create_instance(MessageIntegrationLogin(f"tcp://127.0.0.1:{sys.argv[1]}", sys.argv[2], "secret"))
client = MqttClient(profile=profile)
accepted = []
client.on_connect = lambda: accepted.append(time.monotonic())
begin = time.monotonic()
client.connect()
end = time.monotonic()
time.sleep(0.2)
print(json.dumps([end - begin, accepted[0] - begin, client.is_connected(), "connect timeout" in " ".join(logged)]))
client.close()
PY
cat > "$dir/show.py" <<'PY'
import json, socket, subprocess, sys, time
from importlib.metadata import version

folder, mosquitto_version = sys.argv[1:]
print(f"mosquitto {mosquitto_version} | python {sys.version.split()[0]}"
      f" | enos-mqtt-sdk-python {version('enos-mqtt-sdk-python')} | paho-mqtt {version('paho-mqtt')}")
with socket.socket() as s:
    s.bind(("127.0.0.1", 0))
    port = s.getsockname()[1]
with open(f"{folder}/conf", "w") as f:
    f.write(f"listener {port} 127.0.0.1\nallow_anonymous true\n")
broker = subprocess.Popen(["mosquitto", "-c", f"{folder}/conf"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
time.sleep(1)
try:
    results = []
    for turn in range(3):                             # four new processes at a time
        programs = [subprocess.Popen([sys.executable, f"{folder}/one.py", str(port), f"p{turn}{i}"],
                                     stdout=subprocess.PIPE, text=True) for i in range(4)]
        results += [json.loads(program.communicate()[0]) for program in programs]
finally:
    broker.terminate()
slow = [r for r in results if r[0] > 9]
print(f"  {len(results)} programs, one connect() each: {len(slow)} took 10 s; accepted after at most "
      f"{max(r[1] for r in results) * 1000:.0f} ms")
print(f"  of these {len(slow)}: is_connected() {sum(r[2] for r in slow)}, \"connect timeout\" logged {sum(r[3] for r in slow)}")
print("A good guess: connect() returns when the broker has accepted, after milliseconds.")
ok = (len(slow) >= 1 and all(r[1] < 2 for r in results) and all(r[2] and r[3] for r in slow)
      and not any(r[3] for r in results if r[0] < 9))
print("STILL SO" if ok else "CHANGED")
sys.exit(0 if ok else 1)
PY
"$dir/venv/bin/python" "$dir/show.py" "$dir" "$want"
