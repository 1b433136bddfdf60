#!/usr/bin/env bash
# A plugin of the mosquitto broker is asked "may this client read?" for a message.
# For a client that is away it is asked when the message is put into the session,
# under the user name of the last connection, and again when the client is back,
# under the new one; for a message with QoS 0 too, which is never delivered. The
# QoS in the question is the sender's (2), not the one of the delivery (1); for a
# message that a plugin itself has left in the session it is 0, and 2 is delivered.
set -euo pipefail
export PATH="$PATH:/usr/sbin"
want=2.0.11-1.2+deb12u2
for p in mosquitto mosquitto-clients libmosquitto1; do
  have=$(dpkg-query -W -f '${Version}' $p 2>/dev/null || echo none)
  [ "$have" = "$want" ] || { echo "needs $p $want (Debian 12), found: $have"; exit 1; }
done
dir=$(mktemp -d)
chmod 755 "$dir"
broker=
trap 'kill $broker 2>/dev/null || true; rm -rf "$dir"' EXIT
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

static int on_question(int event, void *data, void *user) {
    struct mosquitto_evt_acl_check *q = data;
    if (q->access == MOSQ_ACL_READ)
        printf("SEEN may %s as %s read %s with QoS %d\n", mosquitto_client_id(q->client),
               mosquitto_client_username(q->client), q->topic, q->qos);
    return MOSQ_ERR_SUCCESS;
}

static int on_message(int event, void *data, void *user) {
    struct mosquitto_evt_message *m = data;
    if (!strcmp(m->topic, "order"))
        mosquitto_broker_publish_copy("away", "in/plugin", 1, "x", 2, false, NULL);
    return MOSQ_ERR_SUCCESS;
}

int mosquitto_plugin_version(int count, const int *versions) { return 5; }

int mosquitto_plugin_init(mosquitto_plugin_id_t *id, void **user, struct mosquitto_opt *options, int count) {
    setvbuf(stdout, NULL, _IOLBF, 0);
    mosquitto_callback_register(id, MOSQ_EVT_ACL_CHECK, on_question, NULL, NULL);
    return mosquitto_callback_register(id, MOSQ_EVT_MESSAGE, on_message, NULL, NULL);
}

int mosquitto_plugin_cleanup(void *user, struct mosquitto_opt *options, int count) { return 0; }
C
"${CC:-cc}" -shared -fPIC -Wall -I "$dir/dev/usr/include" -o "$dir/plugin.so" "$dir/plugin.c"
chmod 755 "$dir/plugin.so"
printf 'listener %s 127.0.0.1\nallow_anonymous true\nplugin %s\n' "$port" "$dir/plugin.so" > "$dir/conf"
mosquitto -c "$dir/conf" >> "$dir/log" 2>&1 & broker=$!
sleep 1
at="-h 127.0.0.1 -p $port"
echo "mosquitto and mosquitto-dev $want"
session="-V mqttv311 -i away -c -t in/# -q 1"
mosquitto_sub $at $session -u morning -E                              # the session begins, the client leaves
for qos in 0 1 2; do mosquitto_pub $at -t in/$qos -m x -q $qos; done
mosquitto_pub $at -t order -m x
sleep 0.5
echo "SEEN the client is back" >> "$dir/log"
mosquitto_sub $at $session -u evening -F '%t %q' -W 2 > "$dir/got" 2> /dev/null || true
sed -n 's/^SEEN /  /p' "$dir/log"
sed 's/^/  delivered, topic and QoS: /' "$dir/got"
echo "A good guess: one question for one delivery, when it is made, with the QoS of the delivery."
cat > "$dir/expected" <<'E'
may away as morning read in/0 with QoS 0
may away as morning read in/1 with QoS 1
may away as morning read in/2 with QoS 2
the client is back
may away as evening read in/1 with QoS 1
may away as evening read in/2 with QoS 2
may away as evening read in/plugin with QoS 0
E
if sed -n 's/^SEEN //p' "$dir/log" | diff - "$dir/expected" > /dev/null &&
   [ "$(sort "$dir/got" | paste -sd ,)" = "in/1 1,in/2 1,in/plugin 2" ]; then
  echo "STILL SO"
else
  echo "CHANGED"
  exit 1
fi
