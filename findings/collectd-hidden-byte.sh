#!/usr/bin/env bash
# collectd's mqtt plugin sends "time:value" texts that end in a NUL byte, which
# counts as part of the MQTT payload. Terminals and mosquitto_sub -F %j hide it
# (the JSON's payload is one character shorter than its own payloadlen), but a
# program that splits at ":" and calls float() fails on exactly the last value.
# And the first message of every counter says nan, which float() does accept.
set -euo pipefail
export PATH="$PATH:/usr/sbin"
want=2.0.11-1.2+deb12u2
for p in mosquitto mosquitto-clients libmosquitto1; do
  have=$(dpkg-query -W -f '${Version}' $p 2>/dev/null || echo none)
  [ "$have" = "$want" ] || { echo "needs $p $want (Debian 12), found: $have"; exit 1; }
done
dir=$(mktemp -d)
chmod 755 "$dir"
broker= sub1= sub2=
trap 'kill $broker $sub1 $sub2 2>/dev/null || true; rm -rf "$dir"' EXIT
(cd "$dir" && apt-get download -q collectd-core=5.12.0-14 > apt.log 2>&1) || { cat "$dir/apt.log"; exit 1; }
dpkg-deb -x "$dir"/collectd-core_5.12.0-14_*.deb "$dir/c"
if ldd "$dir/c/usr/sbin/collectd" "$dir/c/usr/lib/collectd/mqtt.so" | grep 'not found'; then
  echo "needs the libraries above"
  exit 1
fi
port=$("${PYTHON:-python3.11}" -c '
import socket
s = socket.socket()
s.bind(("127.0.0.1", 0))
print(s.getsockname()[1])')
printf 'listener %s 127.0.0.1\nallow_anonymous true\n' "$port" > "$dir/conf"
mosquitto -c "$dir/conf" > "$dir/log" 2>&1 & broker=$!
sleep 1
cat > "$dir/collectd.conf" <<CONF
Hostname "gateway1"
FQDNLookup false
BaseDir "$dir"
PIDFile "$dir/pid"
PluginDir "$dir/c/usr/lib/collectd"
TypesDB "$dir/c/usr/share/collectd/types.db"
Interval 1
LoadPlugin load
LoadPlugin interface
LoadPlugin mqtt
<Plugin mqtt>
  <Publish "out">
    Host "127.0.0.1"
    Port "$port"
    Prefix "collectd"
    QoS 1
  </Publish>
</Plugin>
CONF
mosquitto_sub -h 127.0.0.1 -p "$port" -t 'collectd/#' -F '%t %x' -W 6 > "$dir/hex" 2> /dev/null & sub1=$!
mosquitto_sub -h 127.0.0.1 -p "$port" -t 'collectd/#' -F %j -W 6 > "$dir/json" 2> /dev/null & sub2=$!
sleep 0.5
timeout 5 "$dir/c/usr/sbin/collectd" -f -C "$dir/collectd.conf" > "$dir/collectd.log" 2>&1 || true
wait $sub1 $sub2 || true
sub1= sub2=
cat > "$dir/show.py" <<'PY'
import json, math, sys
print(f"collectd-core 5.12.0-14 | mosquitto_sub {sys.argv[2]} | python {sys.version.split()[0]}")
raw = [(t, bytes.fromhex(h)) for t, h in (line.split(" ") for line in open(sys.argv[1] + "/hex"))]
seen = [json.loads(line) for line in open(sys.argv[1] + "/json")]

def number(text):
    try:
        return float(text)
    except ValueError:
        return "ValueError"

load = next(p for t, p in raw if t.endswith("/load/load"))
print("  on the wire      :", load)
print("  split and float():", [number(x) for x in load.decode().split(":")])
short = sorted({len(m["payload"]) - m["payloadlen"] for m in seen})
print(f"  mosquitto_sub %j : {len(seen)} messages, length of payload minus payloadlen: {short}")
print(f"  messages that end in a NUL byte: {sum(p.endswith(bytes(1)) for _, p in raw)} of {len(raw)}")
counters = {}
for t, p in raw:
    if "/interface-lo/" in t:
        counters.setdefault(t, p[:-1].decode().split(":")[1:])
print(f"  first messages of the loopback counters: {list(counters.values())}")
print("A good guess: a text payload is the text; its last number parses like the others, and none is nan.")
ok = (len(raw) >= 10 and all(p.endswith(b"\0") and p.count(b"\0") == 1 for _, p in raw) and short == [-1]
      and [isinstance(number(x), float) for x in load.decode().split(":")] == [True, True, True, False]
      and len(counters) >= 3 and all(math.isnan(float(v)) for vs in counters.values() for v in vs))
print("STILL SO" if ok else "CHANGED")
sys.exit(0 if ok else 1)
PY
"${PYTHON:-python3.11}" "$dir/show.py" "$dir" "$want"
