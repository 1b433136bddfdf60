"""senders.py: senders that keep a ledger: each message is in a file before it is sent, and marked when answered.

A sender that is killed goes on from its ledger when it is started again: a message that is in the ledger without an
answer is sent again under its id, with the same bytes.

A ledger is lines of text. Each line is written before anything else happens:
  s ID TIME:VALUE,TIME:VALUE…   message ID is about to be sent, with these samples (milliseconds, shortest decimal)
  r ID                          it is sent again, under the same ID
  a ID CODE                     it was answered
"""
import os
import random
import struct
import time

import mqtt
from service import EPOCH

# How a sender behaves. `window`: the most messages without an answer. `resends`: messages without an answer
# in time are sent again, as by EnOS clients. Other senders give such a message up, so nobody knows whether it
# is stored. `burst`: without a window.
KINDS = {
    "patient": {"window": 1, "resends": True, "rate": 200},
    "windowed": {"window": 40, "resends": True, "rate": 400},
    "burst": {"window": 2000, "resends": True, "rate": 600},
    "forgetful": {"window": 20, "resends": False, "rate": 200},
}
TIMEOUT = 3.0


def value(chance):
    """A double of any size; sometimes one that is easily lost."""
    kind = chance.random()
    if kind < 0.02:
        return chance.choice([0.0, -0.0, 5e-324, 1.7976931348623157e308, 0.1, -1.5])
    if kind < 0.1:
        while True:
            found = struct.unpack("<d", chance.randbytes(8))[0]
            if found == found and abs(found) != float("inf"):
                return found
    return round(chance.uniform(-1000, 1000), chance.randrange(12))


class Sender:
    """One sender of a product, in a process of its own."""

    def __init__(self, port, login, product, kind, seed, path, pipe):
        self.port, self.login, self.product, self.pipe = port, login, product, pipe
        self.window, self.resends, self.rate = (KINDS[kind][key] for key in ("window", "resends", "rate"))
        self.chance = random.Random(seed)
        self.topic = f"/sys/{product}/integration/measurepoint/post"
        self.waiting = {}       # id: (payload, when it was last sent)
        self.next = 1
        self.time = EPOCH
        if os.path.exists(path):
            self.go_on(path)
        self.ledger = open(path, "a", buffering=1)
        self.client = None
        self.fleet = mqtt.Fleet()
        self.resent = self.connections = 0

    def go_on(self, path):
        """Takes up the ledger of a sender that was killed."""
        with open(path, "rb+") as file:
            # A kill may have cut the last line; what it says has not happened yet.
            content = file.read()
            file.truncate(content.rfind(b"\n") + 1)
        old = Ledger(path)
        for number, samples in old.messages.items():
            self.next = max(self.next, number + 1)
            self.time = max(self.time, samples[-1][0])
            if self.resends and number not in old.heard:
                self.waiting[number] = self.payload(number, samples), 0.0

    def message(self):
        """The next message, which is in the ledger before it can be sent."""
        number, samples = self.next, []
        self.next += 1
        for _ in range(self.chance.choice((1, 1, 1, 2, 5))):
            self.time += self.chance.choice((1, 1000, 60_000))
            samples.append((self.time, repr(value(self.chance))))
        self.ledger.write(f"s {number} " + ",".join(f"{time}:{text}" for time, text in samples) + "\n")
        return number, self.payload(number, samples)

    def payload(self, number, samples):
        items = ",".join(f'{{"deviceKey":"s0","measurepoints":{{"p":{text}}},"time":{time}}}' for time, text in samples)
        return f'{{"id":{number},"method":"integration.measurepoint.post","params":[{items}]}}'.encode()

    def heard(self, number, code):
        if self.waiting.pop(number, None) is not None or code == 200:
            self.ledger.write(f"a {number} {code}\n")

    def connect(self):
        self.client = mqtt.Client(self.port, self.login, self.heard)
        if self.client.open():
            self.connections += 1
            self.client.output += mqtt.subscribe([self.topic + "_reply"])
            self.fleet.add(self.client)

    def send(self, number, payload):
        self.client.output += mqtt.publish(self.topic, payload, 1, number % 65_535 + 1)

    def overdue(self, now):
        """Sends again, or gives up, what has waited too long for an answer."""
        late = [number for number, (_, sent) in self.waiting.items() if now - sent > TIMEOUT]
        for number in late:
            payload, _ = self.waiting[number]
            if not self.resends:
                del self.waiting[number]
            elif self.client.subscribed:
                self.ledger.write(f"r {number}\n")
                self.resent += 1
                self.waiting[number] = payload, now
                self.send(number, payload)

    def run(self):
        """Sends until the pipe says stop, waits until everything is answered, and sends the counts to the pipe."""
        began, stopped, retry, sent = time.monotonic(), None, 0.0, 0
        # If the tool is gone, nobody reads the results.
        parent = os.getppid()
        while os.getppid() == parent:
            now = time.monotonic()
            if stopped is None and self.pipe.poll():
                stopped = now
            if stopped and (not self.waiting or now - stopped > 90):
                break
            if self.client is None or self.client.isClosed:
                if now >= retry:
                    retry = now + 0.2
                    self.connect()
            if not self.client.isClosed and self.client.subscribed:
                self.overdue(now)
                # At most what the rate allows since the last round: a sender that was away does not catch up.
                sent = max(sent, int((now - began) * self.rate) - self.rate // 2)
                while stopped is None and len(self.waiting) < self.window and sent < (now - began) * self.rate:
                    number, payload = self.message()
                    sent += 1
                    self.waiting[number] = payload, now
                    self.send(number, payload)
            elif not self.resends:
                self.waiting.clear()
            self.fleet.step(0.02)
        # A sender that is told to stop in its first round has connected to nothing.
        if self.client is not None:
            self.client.close()
        self.ledger.close()
        self.pipe.send({"unanswered": len(self.waiting), "resent": self.resent, "connections": self.connections})


class Ledger:
    """A sender's ledger, read back."""

    def __init__(self, path):
        self.messages, self.answered, self.heard, self.refused = {}, set(), set(), {}
        self.resends = self.answers = 0
        with open(path) as file:
            for line in file:
                kind, number, *rest = line.split()
                if kind == "s":
                    samples = (pair.split(":") for pair in rest[0].split(","))
                    self.messages[int(number)] = [(int(time), text) for time, text in samples]
                elif kind == "r":
                    self.resends += 1
                else:
                    self.answers += 1
                    self.heard.add(int(number))
                    if rest[0] == "200":
                        self.answered.add(int(number))
                    else:
                        self.refused[rest[0]] = self.refused.get(rest[0], 0) + 1
