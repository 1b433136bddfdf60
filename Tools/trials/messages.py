"""messages.py: the numbered messages of a product. The one sample of each follows from its number."""
import os
import time

import mqtt
from service import EPOCH

PAYLOAD = (b'{"id":%b,"method":"integration.measurepoint.post","params":[{"deviceKey":"%b",'
           b'"measurepoints":{"p":%d.5},"time":%d}]}')
BLOCK = 64


def value_of(number):
    return number * 7919 % 1_000_003


class Ledger:
    """The messages that a product has sent and their answers. The sample of message n has the time EPOCH + n ms."""

    def __init__(self, product, device=b"s0", first=0):
        self.product, self.device = product, device
        self.topic = f"/sys/{product}/integration/measurepoint/post"
        self.first = self.next = first
        self.answered = set()
        self.refused = {}
        self.answers = 0

    @property
    def sent(self):
        return self.next - self.first

    def record_answer(self, number, code):
        self.answers += 1
        if code == 200:
            self.answered.add(number)
        else:
            self.refused[code] = self.refused.get(code, 0) + 1

    def payload(self, number, digits=0):
        """A message. With `digits` its id, and that of its answer, is a text of that many digits."""
        name = b'"%0*d"' % (digits, number) if digits else b"%d" % number
        return PAYLOAD % (name, self.device, value_of(number), EPOCH + number)

    def reserve(self, count=1):
        number = self.next
        self.next += count
        return number

    def stream(self, owner, count=None, qos=1, digits=0, mixed=False):
        """Yields blocks of PUBLISH packets and adds their numbers to `owner.spans`. Only MQTT 3.1.1, for speed."""
        topic = mqtt.text(self.topic)
        left = count if count is not None else 1 << 60
        packets = 0
        while left > 0:
            size = min(BLOCK, left)
            left -= size
            first = self.reserve(size)
            out = []
            for number in range(first, first + size):
                payload = self.payload(number, digits)
                quality = number & 1 if mixed else qos
                packets = packets % 65_535 + 1
                if quality:
                    body = len(topic) + 2 + len(payload)
                    out.append(b"\x32" + mqtt.length(body) + topic + packets.to_bytes(2, "big") + payload)
                else:
                    out.append(b"\x30" + mqtt.length(len(topic) + len(payload)) + topic + payload)
            owner.spans.append((first, first + size))
            yield b"".join(out)


class Neighbour:
    """A slow sender of another product, in a process of its own: a message every 1/rate seconds, each to be answered."""

    def __init__(self, port, login, ledger, rate, pipe):
        self.port, self.login, self.ledger, self.rate, self.pipe = port, login, ledger, rate, pipe
        self.waiting = {}
        self.latencies = []
        self.cuts = self.refused = 0
        self.client = None
        self.fleet = mqtt.Fleet()
        self.retry = 0.0

    def heard(self, number, code):
        began = self.waiting.pop(number, None)
        if began is not None:
            self.latencies.append(time.monotonic() - began)
            self.ledger.record_answer(number, code)

    def connect(self):
        self.client = mqtt.Client(self.port, self.login, self.heard)
        if self.client.open():
            self.client.output += mqtt.subscribe([self.ledger.topic + "_reply"])
            # Messages without an answer are sent again under the same id.
            for number in self.waiting:
                self.send(number)
            self.fleet.add(self.client)

    def send(self, number):
        self.client.output += mqtt.publish(
            self.ledger.topic, self.ledger.payload(number), 1, number % 65_535 + 1)

    def run(self, grace):
        """Sends until the pipe says stop, waits for the last answers, and sends the counts to the pipe."""
        start = time.monotonic()
        stopped = None
        is_announced = False
        # If the tool is gone, nobody reads the results.
        parent = os.getppid()
        while os.getppid() == parent:
            now = time.monotonic()
            if self.client is None or self.client.isClosed:
                if now >= self.retry:
                    self.retry = now + 0.2
                    self.connect()
            if stopped is None:
                if self.pipe.poll():
                    self.pipe.recv()
                    stopped = now
                elif now >= start + self.ledger.sent / self.rate:
                    number = self.ledger.reserve()
                    self.waiting[number] = now
                    if not self.client.isClosed:
                        self.send(number)
            elif not self.waiting or now > stopped + grace:
                break
            if not is_announced and len(self.ledger.answered) >= 2:
                is_announced = True
                self.pipe.send("ready")
            for client in self.fleet.step(0.02):
                if client.isAccepted:
                    self.cuts += 1
                else:
                    self.refused += 1
        unanswered = [now - began for began in self.waiting.values()]
        self.client.close()
        self.pipe.send({
            "sent": self.ledger.sent, "answered": self.ledger.answered, "latencies": self.latencies + unanswered,
            "unanswered": len(unanswered), "cuts": self.cuts, "refused": self.refused,
            "codes": self.ledger.refused,
        })
