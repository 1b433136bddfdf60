# conformance.py — sends the messages of the conformance cases and prints what came back. It judges nothing.
#
# It shares no code with Varve: paho speaks MQTT, hashlib signs. Each case has a client of its own, so that an answer
# belongs to one case. A client waits for the answer to a message before it sends the next one. At its end it sends a
# message to a topic of no meaning; what comes before the answer to that was not expected. Usage:
#   conformance.py PORT PASSWORDS VARVE NAMES FILE...
# PASSWORDS is a JSON object from products to the fixed passwords of their channels, VARVE the program that steps with
# "varve" run, NAMES the file with the names of the cases to run, one a line. For each case it prints a line of JSON:
# case, client, refused (the code of CONNACK), steps (topic, id, answers, varve) and extra, the answers after
# the last step. An answer is its topic and its text, or its bytes as hex if it is not text.
import concurrent.futures
import gzip
import hashlib
import json
import queue
import re
import subprocess
import sys
import threading
import time

import paho.mqtt.client as mqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

SECONDS = 20
TIME = 1714557600000
# The log has at most 64 clients' connections of a second one by one. Clients whose entries a case names stay below that.
WATCHED = 16
CHANNEL = "/sys/$P/integration/"
DEVICE = "/sys/$P/$D/thing/"
# The topic and the method of what a message may be.
KINDS = {
    "measurepoint": (CHANNEL + "measurepoint/post", "integration.measurepoint.post"),
    "event": (CHANNEL + "event/post", "integration.event.post"),
    "attribute": (CHANNEL + "attribute/post", "integration.attribute.post"),
    "raw": (CHANNEL + "model/up_raw", ""),
    "resume": (DEVICE + "measurepoint/resume", "thing.measurepoint.resume"),
    "batch": (DEVICE + "measurepoint/resume/batch", "thing.measurepoint.resume.batch"),
    "login": ("/ext/session/$P/$D/combine/login", "combine.login"),
    "logins": ("/ext/session/$P/$D/combine/login/batch", "combine.login.batch"),
    "logout": ("/ext/session/$P/$D/combine/logout", "combine.logout"),
}
# The announced compressions: how what is packed begins, and how it is unpacked.
PACKED = [("GZIP", b"\x1f\x8b", ["gzip", "-dc"]), ("LZ4", b"\x04\x22\x4d\x18", ["lz4", "-dc"])]
SENT = {
    "topic", "kind", "id", "version", "flags", "reading", "items", "params", "quoted", "text", "hex", "repeat",
    "qos", "compress", "responseTopic", "varve", "after"}
EXPECTED = {"code", "reply", "says", "none", "errors", "skipped", "data", "replyTopic"}
CASE = {
    "name", "fact", "awaits", "product", "login", "steps", "samples", "events", "attributes", "history", "log",
    "refused"}


def digest(method, text):
    return hashlib.new(method.replace("hmac", ""), text.encode()).hexdigest()


class Case:
    def __init__(self, case, product, port, passwords, program):
        self.case, self.port, self.passwords, self.program = case, port, passwords, program
        self.product = case.get("product", product)
        self.device = case["name"]
        self.answers, self.connected, self.acknowledged = queue.Queue(), queue.Queue(), set()
        self.changed = threading.Condition()
        unknown = set(case) - CASE - (set() if "steps" in case else SENT | EXPECTED)
        for step in self.steps():
            unknown |= set(step) - SENT - EXPECTED if "steps" in case else set()
        if unknown:
            sys.exit(f"{self.device}: unknown {sorted(unknown)}")

    def steps(self):
        keys = SENT | EXPECTED
        return self.case.get("steps") or [{key: self.case[key] for key in self.case if key in keys}]

    def filled(self, text):
        for name, value in (("$D2", self.device + "2"), ("$D", self.device), ("$P", self.product), ("$T", str(TIME))):
            text = text.replace(name, value)
        return text

    def quoted(self, text):
        return re.sub(r"\$S\(([^)]*)\)", self.signed, self.filled(text).replace("'", '"'))

    def signed(self, match):
        """The signature of a sub-device whose clientId is c and whose timestamp is 1: device, method, cleanSession."""
        device, method, clean = (match.group(1).split(",") + ["", ""])[:3]
        return digest(method or "sha256", (f"cleanSession{clean}" if clean else "") + f"clientIdcdeviceKey{device}"
                      f"productKey{self.product}timestamp1{device}-secret")

    def payload(self, step):
        """The id that the answer must repeat, if the message has the ordinary form, and the bytes."""
        if "hex" in step:
            return None, bytes.fromhex(step["hex"])
        if "text" in step:
            return None, self.filled(step["text"]).encode()
        if "quoted" in step:
            return None, self.quoted(step["quoted"]).encode()
        if "repeat" in step:
            first, part, count, last = step["repeat"]
            middle = "".join(self.quoted(part).replace("#", str(number)) for number in range(count))
            return None, (self.quoted(first) + middle + self.quoted(last)).encode()
        if "reading" in step:
            params = '[{"deviceKey":"$D","measurepoints":{' + step["reading"] + '},"time":$T}]'
        else:
            params = step["params"] if "params" in step else f"[{step['items']}]"
        number = self.quoted(step.get("id", "'1'"))
        flags = self.quoted(step["flags"]) + "," if "flags" in step else ""
        method = KINDS[step.get("kind", "measurepoint")][1]
        version = self.quoted(step.get("version", "'1.0'"))
        return number, (
            f'{{"id":{number},"version":{version},"method":"{method}",{flags}"params":{self.quoted(params)}}}'.encode())

    def login(self):
        """The client of this case, and the id of its login."""
        login = self.case.get("login", {})
        device = self.filled(login.get("device", "%channel%"))
        product = self.filled(login.get("product", "$P"))
        identity, password = login.get("client", self.device), self.passwords.get(product, "")
        if "method" in login:
            identity = self.filled(login.get("client", product if device == "%channel%" else device))
            secret = login.get("secret", "pSecret01" if device == "%channel%" else f"{device}-secret")
            stamp = login.get("timestamp", f"1548753362502.{self.device}")
            password = digest(login["method"].lower(), f"clientId{identity}deviceKey{device}productKey{product}timestamp"
                              f"{stamp}{secret}")
            form = login.get("form", "{0}|securemode={1},signmethod={2},timestamp={3}|")
            mode = login.get("mode", "4" if device == "%channel%" else "2")
            identity = form.format(identity, mode, login["method"], stamp)
            password = {"upper": password.upper(), "lower": password.lower()}[login.get("case", "lower")]
        password = login.get("password", password)
        version = login.get("version", 4)
        client = mqtt.Client(identity, protocol=version, **({} if version == 5 else {"clean_session": True}))
        client.username_pw_set(self.filled(login.get("user", f"{device}&{product}")), password)
        client.on_connect = lambda *given: self.connected.put(given[3])
        client.on_disconnect = lambda *_: self.connected.put(None)
        client.on_message = lambda _, __, message: self.answers.put((message.topic, message.payload))
        client.on_publish = self.published
        return client, identity

    def published(self, _, __, number):
        with self.changed:
            self.acknowledged.add(number)
            self.changed.notify_all()

    def run(self):
        client, identity = self.login()
        self.identity = identity
        result = {"case": self.device, "client": identity, "refused": None, "steps": [], "extra": []}
        client.connect("127.0.0.1", self.port)
        client.loop_start()
        try:
            code = self.connected.get(timeout=SECONDS)
            if code is None or int(getattr(code, "value", code)) != 0:
                result["refused"] = int(getattr(code, "value", code) if code is not None else -1)
                client.disconnect()
                return result
            for step in self.steps():
                result["steps"].append(self.step(client, step))
            result["extra"] = self.rest(client)
            client.disconnect()
        except queue.Empty:
            result["extra"].append({"topic": "", "text": "an answer is missing"})
        finally:
            client.loop_stop()
        return result

    def step(self, client, step):
        if "varve" in step:
            words = [self.filled(word) for word in step["varve"]]
            ending = subprocess.run([self.program] + words, capture_output=True, text=True)
            return {"topic": "", "varve": f"{ending.returncode} {ending.stdout}{ending.stderr}", "answers": []}
        # A lower limit of the time since the answer before: what must be over by then is.
        time.sleep(step.get("after", 0))
        topic = self.filled(step.get("topic", KINDS[step.get("kind", "measurepoint")][0]))
        number, payload = self.payload(step)
        if step.get("compress") == "gzip":
            payload = gzip.compress(payload)
        elif step.get("compress") == "lz4":
            payload = subprocess.run(["lz4", "-c"], input=payload, capture_output=True, check=True).stdout
        properties = None
        if "responseTopic" in step:
            properties = Properties(PacketTypes.PUBLISH)
            properties.ResponseTopic = self.filled(step["responseTopic"])
        quality = step.get("qos", 1)
        sent = client.publish(topic, payload, qos=quality, properties=properties)
        result = {"topic": topic, "id": number, "answers": []}
        if quality:
            with self.changed:
                if not self.changed.wait_for(lambda: sent.mid in self.acknowledged, SECONDS):
                    raise queue.Empty
        if not step.get("none"):
            result["answers"].append(self.answer())
        return result

    def answer(self):
        topic, payload = self.answers.get(timeout=SECONDS)
        for name, first, command in PACKED:
            if f"compress={name}" in self.identity:
                if not payload.startswith(first):
                    return {"topic": topic, "text": "an answer that is not packed"}
                payload = subprocess.run(command, input=payload, capture_output=True, check=True).stdout
        try:
            return {"topic": topic, "text": payload.decode()}
        except UnicodeDecodeError:
            return {"topic": topic, "hex": payload.hex()}

    def rest(self, client):
        """The answers that come before that to a last message."""
        device = self.case.get("login", {}).get("device")
        end = self.filled(f"/sys/$P/{device}/end" if device else CHANNEL + "end")
        client.publish(end, "the last message", qos=1)
        found = []
        while True:
            answer = self.answer()
            if answer["topic"] == end + "_reply":
                return found
            found.append(answer)


def main():
    port, passwords, program, names = int(sys.argv[1]), json.loads(sys.argv[2]), sys.argv[3], sys.argv[4]
    wanted = set(open(names).read().split("\n"))
    cases = []
    for path in sys.argv[5:]:
        content = json.load(open(path))
        cases += [Case(case, content["product"], port, passwords, program)
                  for case in content["cases"] if case["name"] in wanted]
    # A change of the registry empties the memory of resend windows, so a case that makes one runs alone, at the end.
    alone = [case for case in cases if any("varve" in step for step in case.steps())]
    cases = [case for case in cases if case not in alone]
    watched = [case for case in cases if any(not row[1] for row in case.case.get("log", []))]
    portions = [watched[start:start + WATCHED] for start in range(0, len(watched), WATCHED)]
    with concurrent.futures.ThreadPoolExecutor(24) as pool:
        for portion in portions + [[case for case in cases if case not in watched]]:
            end = time.monotonic() + 1.2
            for result in pool.map(Case.run, portion):
                print(json.dumps(result), flush=True)
            if portion in portions:
                time.sleep(max(0, end - time.monotonic()))
    for case in alone:
        print(json.dumps(case.run()), flush=True)


main()
