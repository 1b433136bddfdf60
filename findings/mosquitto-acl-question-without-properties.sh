#!/usr/bin/env bash
# A plugin of the mosquitto broker answers questions of access (may this client
# write, read, subscribe?). The struct of a question has fields for topic, payload,
# QoS, retain and for the MQTT 5 properties. The last one is never filled: a message
# with the user property unit=bar is asked about with properties NULL, for its
# sender and for its receiver. The message event of the same plugin, which comes
# after the first question, has the property, and so has what the receiver gets.
set -euo pipefail
export PATH="$PATH:/usr/sbin"
want=2.0.11-1.2+deb12u2
for p in mosquitto mosquitto-clients libmosquitto1; do
  have=$(dpkg-query -W -f '${Version}' $p 2>/dev/null || echo none)
  [ "$have" = "$want" ] || { echo "needs $p $want (Debian 12), found: $have"; exit 1; }
done
dir=$(mktemp -d)
chmod 755 "$dir"
broker= sub=
trap 'kill $broker $sub 2>/dev/null || true; rm -rf "$dir"' EXIT
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
#include <stdlib.h>
#include <mosquitto.h>
#include <mosquitto_broker.h>
#include <mosquitto_plugin.h>
#include <mqtt_protocol.h>

static void show(const char *what, struct mosquitto *client, const char *topic, const mosquitto_property *list) {
    char *name = NULL, *value = NULL;
    mosquitto_property_read_string_pair(list, MQTT_PROP_USER_PROPERTY, &name, &value, false);
    printf("SEEN %-9s %-8s %-8s ", what, mosquitto_client_id(client), topic);
    if (list) printf("%s=%s\n", name ? name : "other", value ? value : "");
    else printf("NULL\n");
    free(name);
    free(value);
}

static int on_question(int event, void *data, void *user) {
    struct mosquitto_evt_acl_check *q = data;
    const char *what = q->access == MOSQ_ACL_READ ? "READ" : q->access == MOSQ_ACL_WRITE ? "WRITE"
                     : q->access == MOSQ_ACL_SUBSCRIBE ? "SUBSCRIBE" : "other";
    show(what, q->client, q->topic, q->properties);
    return MOSQ_ERR_SUCCESS;
}

static int on_message(int event, void *data, void *user) {
    struct mosquitto_evt_message *m = data;
    show("message", m->client, m->topic, m->properties);
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
mosquitto -c "$dir/conf" > "$dir/log" 2>&1 & broker=$!
sleep 1
at="-h 127.0.0.1 -p $port"
echo "mosquitto and mosquitto-dev $want"
mosquitto_sub $at -V 5 -i receiver -t 'in/#' -q 1 -D subscribe user-property from me \
  -F '%t %q %P' -W 3 > "$dir/got" 2> /dev/null & sub=$!
sleep 1
for qos in 0 1 2; do
  mosquitto_pub $at -V 5 -i sender -t in/$qos -m 1.25 -q $qos -D publish user-property unit bar
done
wait $sub || true
sub=
sed -n 's/^SEEN /  /p' "$dir/log"
sed 's/^/  received: /' "$dir/got"
echo "A good guess: the field of the question holds the properties of the message, as its neighbours hold the rest."
cat > "$dir/expected" <<'E'
SUBSCRIBE receiver in/# NULL
WRITE sender in/0 NULL
message sender in/0 unit=bar
READ receiver in/0 NULL
WRITE sender in/1 NULL
message sender in/1 unit=bar
READ receiver in/1 NULL
WRITE sender in/2 NULL
message sender in/2 unit=bar
READ receiver in/2 NULL
E
if sed -n 's/^SEEN //p' "$dir/log" | tr -s ' ' | diff - "$dir/expected" > /dev/null &&
   [ "$(cat "$dir/got")" = "$(printf 'in/0 0 unit:bar\nin/1 1 unit:bar\nin/2 1 unit:bar')" ]; then
  echo "STILL SO"
else
  echo "CHANGED"
  exit 1
fi
