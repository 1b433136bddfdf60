#!/usr/bin/env bash
# A plugin of the mosquitto broker can hand a message to one client by its id. The
# header says that it is dropped if that client is not connected. It is not: with
# QoS 1 or 2 it waits in the session of a client that is away, and comes when the
# client does, on a topic that it never subscribed to. With QoS 0 it is dropped.
# The call answers "success" in every case, also for an id that nobody ever had.
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
(cd "$dir" && apt-get download -q mosquitto-dev=$want libmosquitto-dev=$want > apt.log 2>&1) ||
  { cat "$dir/apt.log"; exit 1; }
for deb in "$dir"/*.deb; do dpkg-deb -x "$deb" "$dir/dev"; done
port=$("${PYTHON:-python3.11}" -c '
import socket
s = socket.socket()
s.bind(("127.0.0.1", 0))
print(s.getsockname()[1])')
cat > "$dir/plugin.c" <<'C'
#include <stdio.h>
#include <string.h>
#include <mosquitto.h>
#include <mosquitto_broker.h>
#include <mosquitto_plugin.h>

/* A message on the topic "order" says "CLIENT QOS TEXT": the plugin hands TEXT to CLIENT. */
static int on_message(int event, void *data, void *user) {
    struct mosquitto_evt_message *m = data;
    char line[100] = "", id[50], text[50];
    int qos;
    if (strcmp(m->topic, "order") || m->payloadlen >= sizeof line) return MOSQ_ERR_SUCCESS;
    memcpy(line, m->payload, m->payloadlen);
    if (sscanf(line, "%49s %d %49s", id, &qos, text) != 3) return MOSQ_ERR_SUCCESS;
    int rc = mosquitto_broker_publish_copy(id, "direct/1", strlen(text), text, qos, false, NULL);
    printf("SEEN %s with QoS %d: %s\n", id, qos, rc ? "an error" : "success");
    return MOSQ_ERR_SUCCESS;
}

int mosquitto_plugin_version(int count, const int *versions) { return 5; }

int mosquitto_plugin_init(mosquitto_plugin_id_t *id, void **user, struct mosquitto_opt *options, int count) {
    setvbuf(stdout, NULL, _IOLBF, 0);
    return mosquitto_callback_register(id, MOSQ_EVT_MESSAGE, on_message, NULL, NULL);
}

int mosquitto_plugin_cleanup(void *user, struct mosquitto_opt *options, int count) { return 0; }
C
"${CC:-cc}" -shared -fPIC -Wall -I "$dir/dev/usr/include" -o "$dir/plugin.so" "$dir/plugin.c"
chmod 755 "$dir/plugin.so"
printf 'listener %s 127.0.0.1\nallow_anonymous true\nplugin %s\n' "$port" "$dir/plugin.so" > "$dir/conf"
mosquitto -c "$dir/conf" > "$dir/log" 2>&1 & broker=$!
sleep 1
at="-h 127.0.0.1 -p $port"
echo "mosquitto and mosquitto-dev $want"
old="-V mqttv311 -i away3 -c -t other -q 2"
new="-V 5 -i away5 -c -x 3600 -t other -q 2"
mosquitto_sub $at $old -E                                             # two sessions begin,
mosquitto_sub $at $new -E                                             # their clients leave
mosquitto_sub $at -i there -t other -F '%t %q %p' -W 4 > "$dir/there" 2> /dev/null & sub1=$!
mosquitto_sub $at -i watcher -t 'direct/#' -F '%t %q %p' -W 4 > "$dir/watcher" 2> /dev/null & sub2=$!
sleep 1
for client in there away3 away5 nobody; do
  for qos in 0 1 2; do mosquitto_pub $at -t order -m "$client $qos $client-$qos"; done
done
wait $sub1 || true
wait $sub2 || true
sub1= sub2=
mosquitto_sub $at $old -F '%t %q %p' -W 2 > "$dir/away3" 2> /dev/null || true
mosquitto_sub $at $new -F '%t %q %p' -W 2 > "$dir/away5" 2> /dev/null || true
sed -n 's/^SEEN /  the plugin hands one to /p' "$dir/log"
for client in there watcher away3 away5; do echo "  $client received: $(paste -sd , "$dir/$client")"; done
echo "A good guess: what the header says: for a client that is not connected, nothing is kept."
if [ "$(paste -sd , "$dir/there")" = "direct/1 0 there-0,direct/1 1 there-1,direct/1 2 there-2" ] &&
   [ ! -s "$dir/watcher" ] &&
   [ "$(paste -sd , "$dir/away3")" = "direct/1 1 away3-1,direct/1 2 away3-2" ] &&
   [ "$(paste -sd , "$dir/away5")" = "direct/1 1 away5-1,direct/1 2 away5-2" ] &&
   [ "$(grep -c '^SEEN .*success' "$dir/log")" = 12 ]; then
  echo "STILL SO"
else
  echo "CHANGED"
  exit 1
fi
