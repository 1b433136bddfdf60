#!/usr/bin/env bash
# The MQTT client of the AWS Common Runtime (awscrt) speaks to any broker. The user
# name that it sends is not the one that it was given: "?SDK=..." with versions and
# features is appended by default. A broker with a list of users refuses the right
# name and password as "not authorised", and nothing on the client's side shows the
# name that was sent. With disable_metrics=True it is sent as it was given.
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
"$dir/venv/bin/python" -m pip install -q --disable-pip-version-check awscrt==0.38.1
cat > "$dir/show.py" <<'PY'
import os, queue, re, socket, subprocess, sys, time
from importlib.metadata import version
from awscrt import mqtt, mqtt5

folder, mosquitto_version = sys.argv[1:]
print(f"mosquitto {mosquitto_version} | python {sys.version.split()[0]} | awscrt {version('awscrt')}")
with socket.socket() as s:
    s.bind(("127.0.0.1", 0))
    port = s.getsockname()[1]
with open(f"{folder}/users", "w") as f:
    f.write("gateway:secret\n")
subprocess.run(["mosquitto_passwd", "-U", f"{folder}/users"], check=True)
os.chmod(f"{folder}/users", 0o644)
with open(f"{folder}/conf", "w") as f:
    f.write(f"listener {port} 127.0.0.1\npassword_file {folder}/users\nlog_type all\n")
log = open(f"{folder}/log", "wb+")
broker = subprocess.Popen(["mosquitto", "-c", f"{folder}/conf"], stdout=log, stderr=log)
time.sleep(1)

def three(**options):
    connection = mqtt.Connection(mqtt.Client(), client_id=f"three{len(options)}", host_name="127.0.0.1", port=port,
                                 username="gateway", password="secret", **options)
    try:
        connection.connect().result(10)
        connection.disconnect().result(10)
        return "accepted"
    except Exception as e:
        return str(e).split(":")[0]

def five(**options):
    said = queue.Queue()
    client = mqtt5.Client(mqtt5.ClientOptions(
        "127.0.0.1", port,
        connect_options=mqtt5.ConnectPacket(client_id=f"five{len(options)}", username="gateway", password="secret"),
        on_lifecycle_event_connection_success_fn=lambda _: said.put("accepted"),
        on_lifecycle_event_connection_failure_fn=lambda d: said.put(d.connack_packet.reason_code.name), **options))
    client.start()
    text = said.get(timeout=10)
    client.stop()
    return text

try:
    got = {"MQTT 3.1.1": (three(), three(disable_metrics=True)), "MQTT 5": (five(), five(disable_metrics=True))}
    time.sleep(0.5)
finally:
    broker.terminate()
    broker.wait()
# The broker logs the names of those only whom it accepts, so a plain socket reads what is sent.
with socket.socket() as s:
    s.bind(("127.0.0.1", 0))
    s.listen()
    connection = mqtt.Connection(mqtt.Client(), client_id="seen", host_name="127.0.0.1", port=s.getsockname()[1],
                                 username="gateway", password="secret")
    waiting = connection.connect()
    peer, _ = s.accept()
    peer.settimeout(5)
    data = peer.recv(4096)
    peer.close()
sent = re.search(rb"gateway[^\x00]*", data)[0].decode(errors="replace")
for name, (default, off) in got.items():
    print(f"  {name:10} right name and password: {default}; with disable_metrics=True: {off}")
print(f"  the name that was sent: {sent[:60]}…")
print("A good guess: the name is sent as given, and both are accepted.")
ok = (all(default != "accepted" and off == "accepted" for default, off in got.values())
      and sent.startswith("gateway?SDK="))
print("STILL SO" if ok else "CHANGED")
sys.stdout.flush()
os._exit(0 if ok else 1)
PY
"$dir/venv/bin/python" "$dir/show.py" "$dir" "$want"
