#!/usr/bin/env bash
# A broker kept 100 messages for a persistent session; a cron job fetches them
# a few at a time with "mosquitto_sub -c -C 5". With QoS 1 (at least once) every
# message comes, some again. With QoS 2 (exactly once) most never come: each run
# confirms a windowful, prints five and leaves, and what it had confirmed is
# known to no later run. The stronger promise loses, the weaker one keeps, and
# every run exits 0 until nothing is left.
set -euo pipefail
export PATH="$PATH:/usr/sbin"
want=2.0.11-1.2+deb12u2
for p in mosquitto mosquitto-clients libmosquitto1; do
  have=$(dpkg-query -W -f '${Version}' $p 2>/dev/null || echo none)
  [ "$have" = "$want" ] || { echo "needs $p $want (Debian 12), found: $have"; exit 1; }
done
dir=$(mktemp -d)
broker=
trap 'kill $broker 2>/dev/null || true; rm -rf "$dir"' EXIT
port=$("${PYTHON:-python3.11}" -c '
import socket
s = socket.socket()
s.bind(("127.0.0.1", 0))
print(s.getsockname()[1])')
printf 'listener %s 127.0.0.1\nallow_anonymous true\n' "$port" > "$dir/conf"
mosquitto -c "$dir/conf" > "$dir/log" 2>&1 & broker=$!
sleep 1
echo "mosquitto and mosquitto_sub $want"
at="-h 127.0.0.1 -p $port"
declare -A distinct
for qos in 1 2; do
  for page in 5 10; do
    session="-i job$qos$page -c -q $qos -t in/$qos/$page"
    mosquitto_sub $at $session -E                                     # the session begins
    seq 1 100 | mosquitto_pub $at -q $qos -t in/$qos/$page -l           # 100 messages while nobody listens
    : > "$dir/got"
    runs=0
    while [ $runs -lt 250 ]; do
      rc=0
      mosquitto_sub $at $session -C $page -W 2 > "$dir/page" 2> /dev/null || rc=$?
      [ -s "$dir/page" ] || break
      runs=$((runs + 1))
      cat "$dir/page" >> "$dir/got"
      [ $rc = 0 ] || break                                            # 27: timed out, the last page was not full
    done
    distinct[$qos$page]=$(sort -u "$dir/got" | wc -l)
    echo "  QoS $qos, pages of $page: $runs runs, $(wc -l < "$dir/got") lines," \
      "${distinct[$qos$page]} of 100 messages," \
      "last exit code $rc; page two began with $(sed -n "$((page + 1))p" "$dir/got")"
  done
done
echo "A good guess: QoS 2 is never worse than QoS 1: all 100 come, and with QoS 2 each once."
if [ "${distinct[15]}" = 100 ] && [ "${distinct[110]}" = 100 ] &&
   [ "${distinct[25]}" -lt 60 ] && [ "${distinct[210]}" -lt 80 ]; then
  echo "STILL SO"
else
  echo "CHANGED"
  exit 1
fi
