#!/usr/bin/env bash
# The broker holds 100 QoS 1 messages for a persistent session. A worker with
# aiomqtt takes five of them, 20 ms of work on each, leaves the loop and closes
# properly. The other 95 are gone: the library has fetched and confirmed them in
# the background, and drops what was not looked at. A limit on its queue does not
# hold them back at the broker either, it discards them. mosquitto_sub -C 5, run
# until nothing comes, gets every one of the 100 in the same session.
set -euo pipefail
export PATH="$PATH:/usr/sbin"
want=2.0.11-1.2+deb12u2
for p in mosquitto mosquitto-clients libmosquitto1; do
  have=$(dpkg-query -W -f '${Version}' $p 2>/dev/null || echo none)
  [ "$have" = "$want" ] || { echo "needs $p $want (Debian 12), found: $have"; exit 1; }
done
dir=$(mktemp -d)
chmod 755 "$dir"
trap 'rm -rf "$dir"' EXIT
"${PYTHON:-python3.11}" -m venv "$dir/venv"
"$dir/venv/bin/python" -m pip install -q --disable-pip-version-check aiomqtt==2.5.1 paho-mqtt==2.1.0
cat > "$dir/show.py" <<'PY'
import asyncio, logging, socket, subprocess, sys, time
from importlib.metadata import version
import aiomqtt

folder, mosquitto_version = sys.argv[1:]
logging.disable(logging.CRITICAL)
print(f"mosquitto, mosquitto_sub {mosquitto_version} | python {sys.version.split()[0]} | aiomqtt {version('aiomqtt')}"
      f" | paho-mqtt {version('paho-mqtt')}")
with socket.socket() as s:
    s.bind(("127.0.0.1", 0))
    port = s.getsockname()[1]
with open(f"{folder}/conf", "w") as f:
    f.write(f"listener {port} 127.0.0.1\nallow_anonymous true\n")
at = ["-h", "127.0.0.1", "-p", str(port)]

def prepare(name):
    session = ["-i", name, "-c", "-q", "1", "-t", f"jobs/{name}"]
    subprocess.run(["mosquitto_sub", *at, *session, "-E"], check=True)
    lines = "".join(f"{i}\n" for i in range(1, 101))
    subprocess.run(["mosquitto_pub", *at, "-q", "1", "-t", f"jobs/{name}", "-l"], input=lines, text=True, check=True)
    return session

async def worker(name, work, **options):
    prepare(name)
    taken = []
    while True:
        page = []
        async with aiomqtt.Client("127.0.0.1", port, identifier=name, clean_session=False, **options) as client:
            try:
                async with asyncio.timeout(3):
                    async for message in client.messages:
                        page.append(int(message.payload))
                        await asyncio.sleep(work)
                        if len(page) == 5:
                            break
            except TimeoutError:
                pass
        taken += page
        if not page:
            return taken

def pages_by_mosquitto_sub(name):
    session, taken = prepare(name), []
    while True:
        command = ["mosquitto_sub", *at, *session, "-C", "5", "-W", "2"]
        out = subprocess.run(command, capture_output=True, text=True).stdout
        taken += map(int, out.split())
        if not out:
            return taken

broker = subprocess.Popen(["mosquitto", "-c", f"{folder}/conf"],
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
time.sleep(1)
try:
    got = {}
    for label, taken in (
            ("mosquitto_sub -C 5, again and again", pages_by_mosquitto_sub("sub")),
            ("aiomqtt, five at a time, 20 ms of work each", asyncio.run(worker("plain", 0.02))),
            ("the same, max_queued_incoming_messages=5",
             asyncio.run(worker("limit", 0.02, max_queued_incoming_messages=5)))):
        got[label] = len(set(taken))
        print(f"  {label:44} {len(set(taken)):3} of 100 messages ever seen, the first ones {taken[:7]}")
finally:
    broker.terminate()
    broker.wait()
print("A good guess: QoS 1, persistent session: what the worker did not take waits for the next one, 100 of 100.")
sub, plain, limit = got.values()
ok = sub == 100 and plain <= 30 and limit <= 30
print("STILL SO" if ok else "CHANGED")
sys.exit(0 if ok else 1)
PY
"$dir/venv/bin/python" "$dir/show.py" "$dir" "$want"
