"""attacks.py: the attacks. Each is a function of a trial and its listener; its docstring says what it does.

All packets are well-formed and within MQTT's own limits. Sizes are chosen for the queue of 8 MiB of the short form.
"""
import contextlib
import os
import signal
import threading

import mqtt
from trial import CALM, STORM

TEXT = 60_000
PACKET = 4 << 20


def flood_qos1(trial, listener):
    """One client sends QoS 1 without waiting for answers, then two send QoS 0."""
    seconds, count = trial.size(2, 10), trial.size(8000, None)
    trial.flood([trial.sender("storm-1", count=count)], seconds)
    trial.flood([trial.sender(f"storm-{n}", count=count and count // 2, qos=0) for n in (2, 3)], seconds)


@contextlib.contextmanager
def stopped_for(process, seconds):
    """Stops a process for a time, while other things go on."""
    os.kill(process, signal.SIGSTOP)

    def resume():
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, signal.SIGCONT)
    timer = threading.Timer(seconds, resume)
    timer.start()
    try:
        yield
    finally:
        timer.join()


def flood_many(trial, listener):
    """Many connections of one product send without a window, QoS 0 and 1 by turns."""
    clients, count = trial.size(12, 20), trial.size(1000, None)
    trial.flood([trial.sender(f"storm-{n}", count=count, mixed=True) for n in range(clients)], trial.size(2, 10))


def stopped(trial, listener):
    """The service loses the CPU in a flood: who fills the queue is refused and cut, and it takes what has piled up."""
    trial.judges_latency = False
    # Answers to the first sender are still on their way when QoS 0 piles up behind them, so one read gets all
    # of it.
    first = trial.flood([trial.sender("storm-1", count=trial.size(2000, None))], trial.size(1, 10), finishes=False)
    with stopped_for(trial.service.worker(), trial.size(1.5, 3)):
        count = trial.size(6000, None)
        trial.flood([trial.sender(f"storm-{n}", count=count, qos=0) for n in (2, 3)], trial.size(1.5, 10))
    trial.finish(first)
    if not trial.refused + trial.cut:
        trial.wrong("the queue is full and nobody was refused or cut")


def bulk(trial, name, packets, **login):
    """Sends packets one after another. A client that is cut comes back and goes on with the next packet."""
    def make(source):
        client = trial.client(name, **login)
        if client:
            client.source = source or iter(packets)
        return client
    trial.flood([make], trial.size(4, 30))


def retained(trial, listener):
    """Retained messages on ever new topics: the broker must keep none of them."""
    count, size = trial.size(1200, 6000), 64 << 10
    trial.other += count
    packets = (mqtt.publish(f"/sys/{STORM}/r/{n}", b"%08d" % n * (size // 8), 1, n % 65_535 + 1, retained=True)
               for n in range(count))
    bulk(trial, "storm-retains", packets)


def away_sessions(trial, listener):
    """Sessions that stay behind with a subscription to the answers, while answers pile up."""
    topic = trial.ledger.topic + "_reply"

    def visit(clean):
        for n in trial.within(trial.size(5, 60), range(trial.size(200, 1000))):
            client = trial.client(f"storm-away-{n}", clean=clean, filters=() if clean else [topic])
            if client:
                client.close()
                trial.fleet.remove(client)
    visit(clean=False)
    trial.flood([trial.sender("storm-1", count=trial.size(2500, 6000), digits=900)], trial.size(3, 60))
    hears = trial.drain(listener, trial.size(2, 10))
    trial.notes.append(f"meanwhile a client of that product that reads is {'answered' if hears else 'not answered'}")
    # Sessions that end take their waiting answers with them.
    visit(clean=True)


def slow_readers(trial, listener):
    """Clients that subscribe to the answers and never read one."""
    topic = trial.ledger.topic + "_reply"
    slow = [trial.client(f"storm-slow-{n}", filters=[topic], buffer=4096) for n in range(trial.size(12, 20))]
    slow = [client for client in slow if client]
    for client in slow:
        client.reads = False
    trial.flood([trial.sender("storm-1", count=trial.size(3000, 40_000), digits=900)], trial.size(3, 60))
    for client in slow:
        client.abort()
        trial.fleet.remove(client)


def properties(trial, listener):
    """User properties and topics up to the protocol's limits around small payloads."""
    pairs = mqtt.user_properties([(b"n" * TEXT, b"v" * TEXT)] * 3)
    count = trial.size(160, 2000)

    def packets():
        for n in range(count):
            number = trial.ledger.reserve()
            yield mqtt.publish(
                trial.ledger.topic, trial.ledger.payload(number), 1, 2 * n % 65_534 + 1, version=5, properties=pairs)
            topic = f"/sys/{STORM}/{n}/" + "t" * TEXT
            yield mqtt.publish(topic, b"{}", 1, 2 * n % 65_534 + 2, version=5)
    trial.other += count
    bulk(trial, "storm-5", packets(), version=5)


def half_open(trial, listener):
    """Connections that send nothing, or a CONNECT that is not finished: others are served all the same."""
    user, password = trial.logins[STORM]
    whole = mqtt.Login("storm-half", user, password, will=(f"/sys/{STORM}/w", b"w" * TEXT)).packet()
    halves = []
    for n in range(trial.size(60, 600)):
        try:
            halves.append(mqtt.Half(trial.service.port, whole[:len(whole) // 2] if n % 3 else b""))
        except OSError:
            pass
    trial.fleet.until(lambda: False, trial.size(1.5, 10))
    still = sum(half.is_open() for half in halves)
    client = trial.client("storm-between")
    trial.notes.append(f"{len(halves)} half-open, {still} held; a login meanwhile is "
                       f"{'accepted' if client else 'refused'}")
    for half in halves:
        half.close()


def subscriptions(trial, listener):
    """Many and long filters in sessions that stay."""
    for n in range(trial.size(10, 20)):
        client = trial.client(f"storm-filters-{n}", clean=False)
        if client is None:
            continue
        short = [f"/sys/{STORM}/{m}/{n}_reply" for m in range(trial.size(200, 2000))]
        packets = [mqtt.subscribe(short)]
        for m in range(trial.size(80, 400)):
            packets.append(mqtt.subscribe([f"/sys/{STORM}/{n}/{m}/" + "f" * TEXT + "_reply"], m + 2))
        client.source = iter(packets)
        done = lambda: client.isClosed or client.subscribed == len(packets)
        trial.fleet.until(done, trial.size(1, 10), trial.ended)
        client.close()
        trial.fleet.remove(client)


def wills(trial, listener):
    """Large retained wills of clients that lose their line."""
    for n in trial.within(trial.size(5, 60), range(trial.size(1000, 6000))):
        client = trial.client(
            f"storm-will-{n}", will=(f"/sys/{STORM}/w/{n}", b"w" * TEXT), retained=True, waits=True)
        trial.other += 1
        if client:
            client.abort()
            trial.fleet.remove(client)


def session_theft(trial, listener):
    """Another product logs in under the id of a session that is away, before and after a restart of the broker."""
    trial.expects_restart, trial.judges_latency = True, False
    topic = trial.ledger.topic + "_reply"
    name = "storm-owner"
    owner = trial.client(name, clean=False, filters=[topic])
    if owner is None:
        return trial.wrong("the owner of the session is refused")
    trial.fleet.remove(owner)
    owner.close()
    for round in ("before", "after"):
        if round == "after":
            # The broker is killed after its last save, at most two seconds old, contains the session.
            trial.fleet.until(lambda: False, 2.5)
            first = trial.service.broker()
            os.kill(first, signal.SIGKILL)
            trial.fleet.until(lambda: trial.service.broker() not in (None, first), 10)
            trial.fleet.until(lambda: False, 0.3)
        thief = trial.client(name, CALM, clean=True)
        if thief:
            trial.wrong(f"another product may log in under the id {round} the restart of the broker")
            trial.fleet.remove(thief)
            thief.close()
        elif trial.refusals[name] == 0:
            trial.wrong("the thief is neither accepted nor refused")
    again = trial.client(name, clean=False)
    if again is None or not again.hasSession:
        trial.wrong("the owner's session is gone" if again else "the owner is refused")
    if again:
        trial.fleet.remove(again)
        again.close()


def big(trial, listener):
    """Payloads far below, at and above the limit of a message, and packets above the broker's."""
    limit = trial.settings["limits"]["payloadBytes"]
    count = trial.size(5, 100)

    def packets():
        packet = 0
        for n in range(count):
            for size in (64 << 10, limit, limit + 1):
                packet += 1
                payload = trial.ledger.payload(trial.ledger.reserve())
                # Spaces before the end of the object are valid JSON.
                payload = payload[:-1] + b" " * (size - len(payload)) + b"}"
                yield mqtt.publish(trial.ledger.topic, payload, 1, packet)
    bulk(trial, "storm-1", packets())
    large = mqtt.publish(trial.ledger.topic, b" " * PACKET * 2, 1, 1)
    trial.other += 1
    client = trial.client("storm-2")
    if client:
        client.output += large
        trial.fleet.until(lambda: client.isClosed, trial.size(3, 20), trial.ended)
        if not client.isClosed:
            trial.notes.append("a packet of 8 MiB is taken")


def connections(trial, listener):
    """More connections than broker.connections: the others are refused with a line in the log, and room comes back."""
    limit = trial.limit_connections
    count = limit + 20 if limit else trial.size(40, 1200)
    clients = []
    decided = lambda: all(client.isClosed or client.isAccepted for client in clients)
    for number in range(count):
        client = trial.client(f"storm-{number}", waits=False)
        if client:
            clients.append(client)
        # Each connection logs in soon. Connections that do not are another attack.
        if number % 50 == 49:
            trial.fleet.until(decided, 2, trial.ended)
    trial.fleet.until(decided, trial.size(3, 20), trial.ended)
    accepted = sum(client.isAccepted and not client.isClosed for client in clients)
    trial.notes.append(f"{count} connections, {accepted} accepted")
    if limit is None:
        trial.wrong("the setting broker.connections is not known")
    elif accepted > limit:
        trial.wrong(f"{accepted} connections are accepted, more than {limit}")
    for client in clients:
        client.close()
        trial.fleet.remove(client)
    late = lambda: trial.client("storm-late") is not None
    if not trial.fleet.until(late, 5):
        trial.wrong("no login is accepted after the others have left")


ALL = {
    function.__name__.replace("_", "-"): function
    for function in (
        flood_qos1, flood_many, stopped, retained, away_sessions, slow_readers, properties, half_open, subscriptions, wills,
        session_theft, big, connections)
}
