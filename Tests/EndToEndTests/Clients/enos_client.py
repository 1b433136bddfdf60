# enos_client.py — a client that knows EnOS only: signs its login itself, posts one message, prints the reply.
#
# It shares no code with Varve: paho speaks MQTT, hashlib signs. Usage:
#   enos_client.py PORT PRODUCT DEVICE SECRET SECUREMODE METHOD PAYLOAD [DEADLINE_SECONDS]
# DEVICE is %channel% for a channel's login. Exit codes: 0 a reply was printed, 4 login refused, 5 no reply in time.
import hashlib
import sys
import threading

import paho.mqtt.client as mqtt

port, product, device, secret, mode, method, payload = sys.argv[1:8]
deadline = float(sys.argv[8]) if len(sys.argv) > 8 else 30
client_id = product if device == "%channel%" else device
timestamp = "1548753362502.123"
content = f"clientId{client_id}deviceKey{device}productKey{product}timestamp{timestamp}{secret}"
digest = {"sha256": "sha256", "hmacsha256": "sha256", "sha1": "sha1", "hmacsha1": "sha1", "md5": "md5", "hmacmd5": "md5"}
password = hashlib.new(digest[method], content.encode()).hexdigest()
if method.endswith("sha1"):
    password = password.upper()

topic = f"/sys/{product}/integration/measurepoint/post"
replied = threading.Event()
subscribed = threading.Event()
refused = []
replies = []


def on_connect(client, _, __, code):
    if code:
        refused.append(code)
        subscribed.set()
    else:
        client.subscribe(topic + "_reply", 1)


def on_message(_, __, message):
    replies.append(message.payload.decode())
    replied.set()


client = mqtt.Client(f"{client_id}|securemode={mode},signmethod={method},timestamp={timestamp}|")
client.username_pw_set(f"{device}&{product}", password)
client.on_connect = on_connect
client.on_message = on_message
client.on_subscribe = lambda *_: subscribed.set()
client.connect("127.0.0.1", int(port))
client.loop_start()
subscribed.wait(deadline)
if refused:
    print(f"refused {refused[0]}")
    sys.exit(4)
client.publish(topic, payload, qos=1)
answered = replied.wait(deadline)
client.disconnect()
client.loop_stop()
if not answered:
    sys.exit(5)
print(replies[0])
