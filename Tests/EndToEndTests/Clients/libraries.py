# libraries.py — one message with each MQTT library of others, with the library's own defaults and the fixed password.
#
# It shares no code with Varve. Usage:
#   libraries.py LIBRARY PORT USER PASSWORD CLIENT TOPIC MESSAGE
# It subscribes to the answer, publishes the message with quality of service 1, prints the answer and ends with code 0.
# Exit codes: 4 the login was refused, 5 no answer within 30 s. LIBRARY is paho (1 or 2, whichever is imported), gmqtt,
# aiomqtt, awscrt, or awscrt5 (its client of MQTT 5).
import asyncio
import queue
import sys
from importlib.metadata import version

library, port, user, password, client_id, topic, message = sys.argv[1:8]
port, reply, seconds = int(port), topic + "_reply", 30
answers = queue.Queue()


def with_paho():
    import paho.mqtt.client as mqtt
    if hasattr(mqtt, "CallbackAPIVersion"):
        client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id)
    else:
        client = mqtt.Client(client_id)

    def connected(_, __, ___, code, *____):
        if getattr(code, "value", code):
            answers.put(None)
        else:
            client.subscribe(reply, 1)

    client.on_connect = connected
    client.on_subscribe = lambda *_: client.publish(topic, message, 1)
    client.on_message = lambda _, __, got: answers.put(got.payload.decode())
    client.username_pw_set(user, password)
    client.connect("127.0.0.1", port)
    client.loop_start()
    text = answers.get(timeout=seconds)
    client.disconnect()
    client.loop_stop()
    return text


async def with_gmqtt():
    import gmqtt
    client, got = gmqtt.Client(client_id), asyncio.Queue()
    client.on_message = lambda _, __, payload, ___, ____: got.put_nowait(payload.decode()) or 0
    client.set_auth_credentials(user, password)
    await client.connect("127.0.0.1", port)
    subscribed = asyncio.Event()
    client.on_subscribe = lambda *_: subscribed.set()
    client.subscribe(reply, qos=1)
    await asyncio.wait_for(subscribed.wait(), seconds)
    client.publish(topic, message, qos=1)
    text = await asyncio.wait_for(got.get(), seconds)
    await client.disconnect()
    return text


async def with_aiomqtt():
    import aiomqtt
    async with aiomqtt.Client("127.0.0.1", port, username=user, password=password, identifier=client_id) as client:
        await client.subscribe(reply, 1)
        await client.publish(topic, message, 1)
        return (await asyncio.wait_for(client.messages.__anext__(), seconds)).payload.decode()


def with_awscrt():
    from awscrt import mqtt
    connection = mqtt.Connection(
        mqtt.Client(), client_id=client_id, host_name="127.0.0.1", port=port, username=user, password=password)
    connection.connect().result(seconds)
    connection.subscribe(
        reply, mqtt.QoS.AT_LEAST_ONCE, lambda payload, **_: answers.put(bytes(payload).decode()))[0].result(seconds)
    connection.publish(topic, message, mqtt.QoS.AT_LEAST_ONCE)[0].result(seconds)
    text = answers.get(timeout=seconds)
    connection.disconnect().result(seconds)
    return text


def with_awscrt5():
    from awscrt import mqtt5
    connected = queue.Queue()
    client = mqtt5.Client(mqtt5.ClientOptions(
        "127.0.0.1", port, connect_options=mqtt5.ConnectPacket(client_id=client_id, username=user, password=password),
        on_publish_callback_fn=lambda data: answers.put(data.publish_packet.payload.decode()),
        on_lifecycle_event_connection_success_fn=lambda _: connected.put(True),
        on_lifecycle_event_connection_failure_fn=lambda _: connected.put(False)))
    client.start()
    if not connected.get(timeout=seconds):
        return None
    client.subscribe(mqtt5.SubscribePacket([mqtt5.Subscription(reply, mqtt5.QoS.AT_LEAST_ONCE)])).result(seconds)
    client.publish(mqtt5.PublishPacket(topic=topic, qos=mqtt5.QoS.AT_LEAST_ONCE, payload=message)).result(seconds)
    text = answers.get(timeout=seconds)
    client.stop()
    return text


RUNS = {"paho": with_paho, "gmqtt": lambda: asyncio.run(with_gmqtt()), "aiomqtt": lambda: asyncio.run(with_aiomqtt()),
        "awscrt": with_awscrt, "awscrt5": with_awscrt5}
PACKAGES = {"paho": "paho-mqtt", "awscrt5": "awscrt"}
try:
    answer = RUNS[library]()
except (queue.Empty, asyncio.TimeoutError):
    sys.exit(5)
if answer is None:
    sys.exit(4)
name = PACKAGES.get(library, library)
print(f"{name} {version(name)}\n{answer}", flush=True)
