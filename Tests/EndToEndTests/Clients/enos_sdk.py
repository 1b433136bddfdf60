# enos_sdk.py — the EnOS SDK for Python, unmodified: its own classes log in, build, send and wait for the answers.
#
# It shares no code with Varve. Usage:
#   enos_sdk.py PORT PRODUCT DEVICE SECRET STEP...
# DEVICE is %channel% for the login of a channel, with the secret of the product. A step is a name with arguments after
# colons, see STEPS below; await:PATH waits until a file exists. For each other step it prints a line of JSON, the codes
# of the answers with their numbers; "none" counts calls that got no answer within the SDK's 30 s.
import collections
import json
import os
import sys
import time
from importlib.metadata import version

from enos.core.MqttClient import MqttClient
from enos.core.exception.EnvisionException import EnvisionException
from enos.core.internal.Profile import Profile
from enos.core.login.MessageIntegrationLogin import MessageIntegrationLogin
from enos.core.login.NormalDeviceLogin import NormalDeviceLogin
from enos.message.upstream.integration.IntAttributePostRequest import IntAttributePostRequest
from enos.message.upstream.integration.IntEventPostRequest import IntEventPostRequest
from enos.message.upstream.integration.IntMeaturepointPostRequest import IntMeaturepointPostRequest
from enos.message.upstream.integration.IntModelUpRawRequest import IntModelUpRawRequest
from enos.message.upstream.resume.MeasurepointResumeBatchRequest import MeasurepointResumeBatchRequest
from enos.message.upstream.resume.MeasurepointResumeRequest import MeasurepointResumeRequest
from enos.message.upstream.status.SubDeviceLoginBatchRequest import SubDeviceLoginBatchRequest
from enos.message.upstream.status.SubDeviceLoginRequest import SubDeviceLoginRequest
from enos.message.upstream.status.SubDeviceLogoutRequest import SubDeviceLogoutRequest

TIME = 1714557600000
port, product, device, secret = sys.argv[1:5]


def points(key, count="1", first="0"):
    """Requests of one reading each, a second apart."""
    return [IntMeaturepointPostRequest.builder()
            .add_meaturepoint(key, TIME + number * 1000, {"power": {"value": number, "quality": 9}}).build()
            for number in range(int(first), int(first) + int(count))]


def batch(key, other):
    """One request with two devices and two times, and texts, arrays and bare values."""
    return [IntMeaturepointPostRequest.builder()
            .add_meaturepoint(key, TIME, {"power": 1.5, "state": "run", "doc": ["1.02", "2.02"]})
            .add_meaturepoint(key, TIME + 1000, {"power": {"value": 2.5, "quality": 0}})
            .add_meaturepoint(other, TIME, {"power": 3}).build()]


def event(key):
    return [IntEventPostRequest.builder().add_event(key, TIME, "fault", {"level": 3, "text": "hot"}).build()]


def events(key, other):
    """One request with two events of one time, and an event of another device."""
    return [IntEventPostRequest.builder().set_events({
        (key, TIME + 1000): {"fault": {"level": 4, "text": "hotter"}, "trip": {"by": "relay"}},
        (other, TIME + 1000): {"fault": {"level": 1, "text": "warm"}}}).build()]


def attribute(key):
    # Version 0.1.1 sends no attribute that is added here: its list of items is always empty.
    return [IntAttributePostRequest.builder().add_attribute(key, "owner", "north").build()]


def attribute_items(key):
    """A request of the SDK whose items are given as they are, by a setter that all of its requests have."""
    request = IntAttributePostRequest.builder().build()
    request.set_params([{"deviceKey": key, "attributes": {"owner": "south", "place": {"lat": 54.2, "lon": 7.9}}}])
    return [request]


def raw(payload):
    return [IntModelUpRawRequest.builder().set_payload(bytes.fromhex(payload)).build()]


def resume_of(key, value, stamp):
    return (MeasurepointResumeRequest.builder().set_product_key(product).set_device_key(key)
            .add_measure_point_with_quality("power", value, 9).set_timestamp(stamp).build())


def resume(value):
    return [resume_of(device, int(value), TIME + int(value))]


def resume_batch(other, allow="", skip=""):
    """The readings of this device and of another one; flags that are not given are sent as the SDK does, as ''."""
    builder = (MeasurepointResumeBatchRequest.builder().add_request(resume_of(device, 71, TIME + 71_000))
               .add_request(resume_of(other, 72, TIME + 72_000)))
    for flag, setter in ((allow, builder.set_allow_offline_sub_device), (skip, builder.set_skip_invalid_measurepoints)):
        if flag:
            setter(flag == "true")
    return [builder.build()]


def sub_login(key, secret):
    return [SubDeviceLoginRequest.builder().set_sub_device_info(product, key, secret).build()]


def sub_login_batch(*words):
    """A login of several sub-devices: keys, each with its secret."""
    builder = SubDeviceLoginBatchRequest.builder()
    for key, secret in zip(words[::2], words[1::2]):
        builder.add_sub_device_info(product, key, secret)
    return [builder.build()]


def sub_logout(key):
    return [SubDeviceLogoutRequest.builder().set_sub_product_key(product).set_sub_device_key(key).build()]


STEPS = {"points": points, "batch": batch, "event": event, "events": events, "attribute": attribute,
         "attribute-items": attribute_items, "raw": raw, "resume": resume, "resume-batch": resume_batch,
         "sub-login": sub_login, "sub-login-batch": sub_login_batch, "sub-logout": sub_logout}


def main():
    url = f"tcp://127.0.0.1:{port}"
    if device == "%channel%":
        login = MessageIntegrationLogin(url, product, secret)
    else:
        login = NormalDeviceLogin(url, product, device, secret)
    client = MqttClient(profile=Profile.create_instance(login))
    client.connect()
    print(f"enos-mqtt-sdk-python {version('enos-mqtt-sdk-python')}, paho-mqtt {version('paho-mqtt')}", flush=True)
    for text in sys.argv[5:]:
        name, *arguments = text.split(":")
        if name == "await":
            while not os.path.exists(arguments[0]):
                time.sleep(0.02)
            continue
        codes = collections.Counter()
        for request in STEPS[name](*arguments):
            while not client.is_connected():
                time.sleep(0.02)
            try:
                answer = client.publish(request)
                payload = getattr(answer, "get_payload", lambda: None)()
                codes[str(answer.get_code()) if payload is None else payload.hex()] += 1
            except EnvisionException:
                codes["none"] += 1
        print(json.dumps(codes), flush=True)
    client.close()


main()
