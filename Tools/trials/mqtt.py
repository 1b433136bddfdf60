"""mqtt.py: well-formed MQTT 3.1.1 and 5 packets over plain sockets, for dozens of clients on one thread.

It has only what Tools/attack and Tools/kill-service need. It cannot build a packet that breaks the protocol, except that
a `Half` sends only the first bytes of one. Sockets do not block; a `Fleet` moves their bytes.
"""
import re
import select
import socket
import struct
import time

ANSWER = re.compile(rb'\{"id":"?0*(\d*)[^,]*?,"code":(\d+)')


def length(size):
    """The length of a packet's body, as MQTT's variable-length number."""
    out = bytearray()
    while True:
        size, digit = size >> 7, size & 127
        out.append(digit | (128 if size else 0))
        if not size:
            return bytes(out)


def text(value):
    data = value if isinstance(value, bytes) else value.encode()
    return struct.pack(">H", len(data)) + data


def packet(head, *parts):
    body = b"".join(parts)
    return bytes([head]) + length(len(body)) + body


def user_properties(pairs):
    """MQTT 5 user properties, without the length before them."""
    return b"".join(b"\x26" + text(name) + text(value) for name, value in pairs)


class Login:
    """The fields of a CONNECT."""

    def __init__(self, client, user, password, version=4, clean=True, keepalive=60, will=None, retained=False):
        self.client, self.user, self.password, self.version = client, user, password, version
        self.clean, self.keepalive, self.will, self.retained = clean, keepalive, will, retained

    def packet(self):
        flags = 0xC0 | (2 if self.clean else 0)
        properties = b""
        if self.version == 5:
            # The broker keeps a kept session for a day.
            properties = b"\x00" if self.clean else b"\x05\x11" + struct.pack(">I", 86_400)
        parts = [properties, text(self.client)]
        if self.will:
            topic, payload = self.will
            flags |= 0x0C | (0x20 if self.retained else 0)
            parts += [b"\x00" if self.version == 5 else b"", text(topic), text(payload)]
        parts += [text(self.user), text(self.password)]
        head = text("MQTT") + bytes([self.version, flags]) + struct.pack(">H", self.keepalive)
        return packet(0x10, head, *parts)


def publish(topic, payload, qos=0, number=0, retained=False, version=4, properties=b""):
    parts = [text(topic)]
    if qos:
        parts.append(struct.pack(">H", number))
    if version == 5:
        parts.append(length(len(properties)) + properties)
    return packet(0x30 | qos << 1 | (1 if retained else 0), *parts, payload)


def subscribe(filters, number=1, version=4):
    return packet(
        0x82, struct.pack(">H", number), b"\x00" if version == 5 else b"",
        *(text(name) + b"\x01" for name in filters))


DISCONNECT = b"\xe0\x00"
PING = b"\xc0\x00"


class Client:
    """One connection. It calls `on_answer(id, code)` for each answer; `source` yields blocks of packets to send."""

    def __init__(self, port, login, on_answer=None):
        self.port, self.login, self.on_answer = port, login, on_answer
        self.socket = None
        self.isClosed = False
        self.refusal = None
        self.isAccepted = False
        self.hasSession = False
        self.subscribed = 0
        self.reads = True
        self.source = None
        self.acknowledged = self.denied = self.pongs = 0
        self.replies = 0
        self.input = bytearray()
        self.output = bytearray()

    def open(self, buffer=None):
        """Connects and queues the CONNECT. False if the listener does not accept the connection."""
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        if buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        try:
            self.socket.settimeout(5)
            self.socket.connect(("127.0.0.1", self.port))
        except OSError:
            self.socket.close()
            self.isClosed = True
            return False
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.setblocking(False)
        self.output += self.login.packet()
        return True

    def close(self, politely=True):
        if self.socket and not self.isClosed:
            if politely and self.isAccepted:
                try:
                    self.socket.setblocking(True)
                    self.socket.settimeout(1)
                    self.socket.sendall(bytes(self.output) + DISCONNECT)
                except OSError:
                    pass
            self.socket.close()
        self.isClosed = True

    def abort(self):
        """Closes without DISCONNECT, like a machine that loses its line: its will is sent."""
        if self.socket and not self.isClosed:
            self.socket.close()
        self.isClosed = True

    def wants_write(self):
        if self.output:
            return True
        return self.source is not None and self.isAccepted

    def write(self):
        # A source yields blocks until it ends. Few blocks wait here, so that a cut loses little.
        if self.source is not None and self.isAccepted and len(self.output) < 65_536:
            block = next(self.source, None)
            if block is None:
                self.source = None
            else:
                self.output += block
        if not self.output:
            return
        try:
            sent = self.socket.send(memoryview(self.output)[:262_144])
            del self.output[:sent]
        except BlockingIOError:
            pass
        except OSError:
            self.fail()

    def fail(self):
        self.socket.close()
        self.isClosed = True

    def read(self):
        try:
            data = self.socket.recv(262_144)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self.fail()
            return
        self.input += data
        self.parse()

    def parse(self):
        data, at, end = self.input, 0, len(self.input)
        while end - at >= 2:
            size, shift, place = 0, 0, at + 1
            while place < end:
                digit = data[place]
                place += 1
                size |= (digit & 127) << shift
                shift += 7
                if digit < 128:
                    break
            else:
                break
            if place + size > end:
                break
            self.handle_packet(data[at], data, place, size)
            at = place + size
        del data[:at]

    def handle_packet(self, head, data, at, size):
        kind = head >> 4
        if kind == 4:
            self.acknowledged += 1
            if size > 2 and data[at + 2] >= 0x80:
                self.denied += 1
        elif kind == 3:
            self.replies += 1
            name = data[at] << 8 | data[at + 1]
            start = at + 2 + name
            if head & 6:
                self.output += b"\x40\x02" + data[start:start + 2]
                start += 2
            if self.on_answer:
                # Properties of MQTT 5 come before the payload, so the first bytes of the answer itself are
                # searched for.
                found = ANSWER.search(data, start, at + size)
                if found:
                    self.on_answer(int(found[1] or b"0"), int(found[2]))
        elif kind == 2:
            self.hasSession = bool(data[at] & 1)
            self.refusal = data[at + 1] or None
            self.isAccepted = data[at + 1] == 0
        elif kind == 9:
            self.subscribed += 1
            start = at + 2 + (1 + data[at + 2] if self.login.version == 5 else 0)
            self.denied += sum(code >= 0x80 for code in data[start:at + size])
        elif kind == 13:
            self.pongs += 1
        elif kind == 14:
            self.refusal = data[at] if size else 0


class Half:
    """A connection that sends only the first bytes of a CONNECT, or nothing."""

    def __init__(self, port, first):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=5)
        if first:
            self.socket.sendall(first)

    def is_open(self):
        self.socket.setblocking(False)
        try:
            return self.socket.recv(1) != b""
        except BlockingIOError:
            return True
        except OSError:
            return False

    def close(self):
        self.socket.close()


class Fleet:
    """Clients whose bytes are moved together."""

    def __init__(self):
        self.clients = []

    def add(self, client):
        self.clients.append(client)

    def remove(self, client):
        if client in self.clients:
            self.clients.remove(client)

    def step(self, seconds):
        """Moves bytes once, and returns the clients that have ended."""
        poll = select.poll()
        places = {}
        for client in self.clients:
            if not client.isClosed:
                # The end of a connection is noticed even if its client does not read.
                events = select.POLLIN if client.reads else select.POLLRDHUP
                place = client.socket.fileno()
                poll.register(place, events | (select.POLLOUT if client.wants_write() else 0))
                places[place] = client
        if not places:
            time.sleep(min(seconds, 0.01))
        for place, events in poll.poll(seconds * 1000) if places else ():
            client = places[place]
            if events & select.POLLIN:
                client.read()
            elif events & (select.POLLRDHUP | select.POLLHUP | select.POLLERR):
                client.fail()
            if events & select.POLLOUT and not client.isClosed:
                client.write()
        ended = [client for client in self.clients if client.isClosed]
        if ended:
            self.clients = [client for client in self.clients if not client.isClosed]
        return ended

    def until(self, condition, seconds, on_end=None):
        """Moves bytes until a condition holds. False if it does not hold within the seconds."""
        deadline = time.monotonic() + seconds
        while not condition():
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            for client in self.step(min(left, 0.05)):
                if on_end:
                    on_end(client)
        return True
