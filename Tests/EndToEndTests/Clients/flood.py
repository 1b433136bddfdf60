# flood.py — a gateway that sends as fast as it is answered, until a file exists; then it waits for the last answers.
#
# It shares no code with Varve: paho speaks MQTT. Usage:
#   flood.py PORT USERNAME PASSWORD PRODUCT DEVICE WINDOW GATE
# At most WINDOW messages wait for their answers. Each has 50 readings of the point power, a second apart, and every
# message has readings of its own. After a reconnect, those without an answer are sent again, because an answer that found
# nobody does not come again. It prints "flowing" when it has sent twice WINDOW, and at the end the number of messages and
# the codes of their answers with their numbers. Exit code 5: no answer for 60 s.
import collections
import json
import os
import sys
import threading

import paho.mqtt.client as mqtt

READINGS = 50
port, username, password, product, device, window, gate = sys.argv[1:]
topic = f"/sys/{product}/integration/measurepoint/post"
changed = threading.Condition()
codes = collections.Counter()


def message(number):
    items = [{"deviceKey": device, "measurepoints": {"power": reading}, "time": 1000 * (number * READINGS + reading)}
             for reading in range(READINGS)]
    return json.dumps({"id": str(number), "version": "1.0", "method": "integration.measurepoint.post", "params": items})


def heard(_, __, answer):
    body = json.loads(answer.payload)
    with changed:
        if waiting.pop(int(body["id"]), None):
            codes[str(body["code"])] += 1
        changed.notify_all()


def subscribed(*_):
    with changed:
        again = sorted(waiting)
    for number in again:
        client.publish(topic, message(number), qos=1)
    ready.set()


def wait(most):
    """Waits until at most so many messages have no answer; false if 60 s pass without one."""
    with changed:
        while len(waiting) > most:
            before = sum(codes.values())
            if not changed.wait_for(lambda: len(waiting) <= most or sum(codes.values()) > before, 60):
                print(f"{len(waiting)} of {sent} are not answered, such as {sorted(waiting)[:5]}", file=sys.stderr)
                return False
    return True


make = getattr(mqtt, "CallbackAPIVersion", None)
client = mqtt.Client(make.VERSION1, client_id="flood") if make else mqtt.Client(client_id="flood")
client.username_pw_set(username, password)
client.on_message = heard
client.on_connect = lambda *_: client.subscribe(topic + "_reply", 1)
client.on_subscribe = subscribed
client.on_disconnect = lambda _, __, code: code and print(f"disconnected: {code}", file=sys.stderr, flush=True)
ready, waiting, sent = threading.Event(), {}, 0
client.connect("127.0.0.1", int(port))
client.loop_start()
ready.wait()
while not os.path.exists(gate):
    with changed:
        waiting[sent] = True
    client.publish(topic, message(sent), qos=1)
    sent += 1
    if sent == 2 * int(window):
        print("flowing", flush=True)
    if not wait(int(window)):
        sys.exit(5)
if not wait(0):
    sys.exit(5)
print(sent, json.dumps(codes), flush=True)
client.disconnect()
client.loop_stop()
