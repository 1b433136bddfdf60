# sdk_client.py — a sender that behaves as the EnOS SDK for Python 0.1.1 does, on paho.
#
# It counts the ids of its messages from 1 and matches answers by topic and id. It subscribes once, before its first
# message, with a clean session; paho reconnects it, and it never subscribes again. It shares no code with Varve. Usage:
#   sdk_client.py PORT PRODUCT SECRET NAME STEP...
# A step is DEVICE:COUNT (post so many messages of one reading for a device and wait for all answers) or await:PATH (wait
# until a file exists). After each step of messages it prints a line: the number of answers by code, and how many of the
# messages have none after 30 s. Exit code 4: the login was refused.
import collections
import hashlib
import json
import os
import sys
import threading
import time

import paho.mqtt.client as mqtt

port, product, secret, name = sys.argv[1:5]
stamp = f"1548753362502.{name}"
content = f"clientId{product}deviceKey%channel%productKey{product}timestamp{stamp}{secret}"
topic = f"/sys/{product}/integration/measurepoint/post"
connected, subscribed, changed = threading.Event(), threading.Event(), threading.Condition()
answers = {}
last_id = 0


def on_connect(_, __, ___, code):
    if code:
        print(f"refused {code}", flush=True)
        os._exit(4)
    connected.set()


def on_message(_, __, message):
    answer = json.loads(message.payload)
    with changed:
        if message.topic == topic + "_reply":
            answers.setdefault(int(answer["id"]), answer["code"])
            changed.notify_all()


client = mqtt.Client(f"{product}|securemode=4,signmethod=hmacsha256,timestamp={stamp}|", clean_session=True)
client.username_pw_set(f"%channel%&{product}", hashlib.sha256(content.encode()).hexdigest())
client.on_connect, client.on_message = on_connect, on_message
client.on_disconnect = lambda *_: connected.clear()
client.on_subscribe = lambda *_: subscribed.set()
client.reconnect_delay_set(1, 1)
client.connect("127.0.0.1", int(port))
client.loop_start()
connected.wait(30)
client.subscribe(topic + "_reply", 1)
subscribed.wait(30)
for step in sys.argv[5:]:
    device, _, rest = step.partition(":")
    if device == "await":
        while not os.path.exists(rest):
            time.sleep(0.02)
        continue
    connected.wait(30)
    ids = range(last_id + 1, last_id + 1 + int(rest))
    last_id = ids[-1]
    for number in ids:
        item = {"deviceKey": device, "measurepoints": {"power": number}, "time": 1704067200000 + number}
        body = {"id": str(number), "version": "1.0", "method": "integration.measurepoint.post", "params": [item]}
        client.publish(topic, json.dumps(body), qos=1)
    with changed:
        changed.wait_for(lambda: all(number in answers for number in ids), 30)
        codes = collections.Counter(answers.get(number, "none") for number in ids)
    print(json.dumps(dict(codes)), flush=True)
client.disconnect()
client.loop_stop()
