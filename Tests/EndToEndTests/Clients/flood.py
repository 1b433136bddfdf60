# flood.py — a gateway that sends as fast as it is answered, until a file exists; then it waits for the last answers.
#
# It shares no code with Varve: paho speaks MQTT. Usage:
#   flood.py PORT USERNAME PASSWORD PRODUCT DEVICE WINDOW GATE
# At most WINDOW messages wait for their answers. Each has 50 readings of the point power, a second apart, and no reading
# comes twice. It prints "flowing" after the first WINDOW answers, and at the end the number of messages that it sent and
# the codes of the answers with their numbers. Exit code 5: answers are missing after 60 s.
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
    with changed:
        codes[str(json.loads(answer.payload)["code"])] += 1
        changed.notify_all()


def wait(most):
    with changed:
        return changed.wait_for(lambda: sent - sum(codes.values()) <= most, 60)


make = getattr(mqtt, "CallbackAPIVersion", None)
client = mqtt.Client(make.VERSION1, client_id="flood") if make else mqtt.Client(client_id="flood")
client.username_pw_set(username, password)
client.on_message = heard
client.on_connect = lambda *_: client.subscribe(topic + "_reply", 1)
client.on_subscribe = lambda *_: ready.set()
ready = threading.Event()
client.connect("127.0.0.1", int(port))
client.loop_start()
ready.wait()
sent = 0
while not os.path.exists(gate):
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
