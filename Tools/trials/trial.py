"""trial.py: one attack on one service: its clients, the neighbour, what is watched, and what must hold."""
import json
import multiprocessing
import os
import re
import shutil
import signal
import threading
import time
from collections import Counter

import mqtt
from messages import Ledger, Neighbour, value_of
from service import Service, memory, read

# How the log reports several events in one entry.
TIMES = re.compile(r"\((\d+) times\)|and (\d+) more|(\d+) messages|(\d+) (?:more )?connections")
BARE = re.compile(r"and \d+ more( \(\d+ times\))?")
STORM, CALM = "storm", "calm"
# The limits of the long form, in MiB and seconds.
SERVICE_MEMORY, BROKER_MEMORY, DATABASE, P99 = 512, 512, 256, 1.0
# The limits of the short form, with its queue of 8 MiB.
SHORT_SERVICE_MEMORY, SHORT_BROKER_MEMORY, SHORT_DATABASE = 192, 64, 32


class Trial:
    """The service, the clients and the counts of one attack, and the judgement in the end."""

    def __init__(self, name, options, template, logins, settings, folder):
        self.name, self.long, self.chance = name, options.long, options.chance
        self.logins = logins
        data = os.path.join(folder, name)
        shutil.copytree(template, data)
        self.service = Service(options.bin, data, settings)
        self.settings = settings
        self.limit_connections = settings["broker"].get("connections")
        self.fleet = mqtt.Fleet()
        self.ledger = Ledger(STORM)
        self.other = 0          # messages that are no measurement points, or not of the ledger
        self.refusals, self.cuts = Counter(), Counter()  # by client id
        self.clients = []
        self.spans = []         # (client, spans) of clients that were never cut
        self.findings = []
        self.notes = []
        self.workers, self.brokers = set(), set()
        self.peaks = {"service": 0.0, "broker": 0.0, "database": 0.0}
        self.deaths = []
        self.expects_restart = False
        self.judges_latency = True
        self.watching = True
        self.later = None       # who hears the answers once the first listener is gone

    # Methods for attacks

    def size(self, short, long):
        return long if self.long else short

    def wrong(self, text):
        self.findings.append(text)

    def client(self, name, product=STORM, waits=True, buffer=None, filters=(), on_answer=None, **login):
        """A client that has logged in; None, with the refusal counted, if it was refused."""
        user, password = self.logins[product]
        hears = on_answer or (self.ledger.record_answer if product == STORM else None)
        client = mqtt.Client(self.service.port, mqtt.Login(name, user, password, **login), hears)
        client.name = name
        client.spans = []
        self.clients.append(client)
        if not client.open(buffer):
            self.refusals[name] += 1
            return None
        if filters:
            client.output += mqtt.subscribe(filters, version=client.login.version)
        self.fleet.add(client)
        if waits:
            goal = (lambda: client.isClosed or client.isAccepted and (client.subscribed or not filters))
            self.fleet.until(goal, 10, self.ended)
            if client.isClosed or not client.isAccepted:
                return None
        return client

    def ended(self, client):
        """Counts a connection that the broker has closed."""
        (self.cuts if client.isAccepted else self.refusals)[client.name] += 1

    @property
    def refused(self):
        return self.refusals.total()

    @property
    def cut(self):
        return self.cuts.total()

    @staticmethod
    def within(seconds, things):
        """Yields things until the seconds are over."""
        deadline = time.monotonic() + seconds
        for thing in things:
            if time.monotonic() > deadline:
                return
            yield thing

    def keep(self, client):
        """Remembers a client whose messages must all have arrived: it was never cut, and the broker has read them."""
        if client and not client.isClosed and not client.output and client.pongs:
            self.spans.append((client.name, client.spans))

    def flood(self, makers, seconds, finishes=True):
        """Lets clients send their sources without waiting. A client that is cut comes back at once and goes on.

        Without `finishes` they go on sending, while other clients are moved, until `finish`. `makers` are functions that
        return a client with a source, or None if it is refused.
        """
        deadline = time.monotonic() + seconds
        active = {}
        again = {maker: 0.0 for maker in makers}
        sources = {}
        while time.monotonic() < deadline:
            for maker, moment in list(again.items()):
                if time.monotonic() >= moment:
                    del again[maker]
                    client = maker(sources.get(maker))
                    if client is None:
                        again[maker] = time.monotonic() + 0.1
                        continue
                    sources[maker] = client.source
                    active[client] = maker
            for client in self.fleet.step(0.05):
                self.ended(client)
                if client in active:
                    maker = active.pop(client)
                    if client.source is not None or client.output:
                        again[maker] = time.monotonic() + 0.1
            if not again and all(client.source is None and not client.output for client in active):
                break
            if not self.service.is_alive:
                break
        if finishes:
            self.finish(active)
        return list(active)

    def finish(self, clients, seconds=20):
        """Ends the sources. The answer to a PINGREQ behind the last messages shows that they have arrived."""
        for client in clients:
            client.source = None
            client.output += mqtt.PING
        here = lambda: all(client.isClosed or client.pongs for client in clients)
        self.fleet.until(here, seconds, self.ended)
        for client in clients:
            self.keep(client)

    def sender(self, name, **stream):
        """A maker for `flood`, of a client that sends the ledger's messages."""
        def make(source):
            client = self.client(name)
            if client:
                owner = client if source is None else make.owner
                client.source = source or self.ledger.stream(owner, **stream)
                make.owner = owner
                if owner is not client:
                    # The earlier spans belong to connections that were cut.
                    owner.spans = client.spans = []
            return client
        return make

    # Watching and judging

    def watch(self):
        while self.watching:
            self.sample_memory()
            time.sleep(0.1)

    def sample_memory(self):
        worker, broker = self.service.worker(), self.service.broker()
        if worker:
            self.workers.add(worker)
            used = memory(worker)[1]
            if self.service.has_supervisor:
                used += memory(self.service.process.pid)[1]
            self.peaks["service"] = max(self.peaks["service"], used)
        if broker:
            self.brokers.add(broker)
            self.peaks["broker"] = max(self.peaks["broker"], memory(broker)[1])
        self.peaks["database"] = max(self.peaks["database"], self.service.database())

    def reason_of_death(self):
        """How the service ended, and its last word."""
        code = self.service.process.poll()
        how = "" if code is None else f"exit code {code}" if code >= 0 else signal.Signals(-code).name
        lines = read(self.service.errors).decode(errors="replace").splitlines()
        lines = [re.sub(r"\x1b\[[0-9;]*m", "", line).strip() for line in lines]
        # The frame that crashed is below this line of Swift's backtrace.
        thread = [place for place, line in enumerate(lines) if line.endswith("crashed:")]
        if thread and thread[0] + 2 < len(lines):
            last_line = [line for line in lines[thread[0] + 1:] if line][0]
        else:
            last_line = next((line for line in reversed(lines) if line), "")
        return ", ".join(filter(None, [how, " ".join(last_line.split())[:200]]))

    def revive(self):
        """Restarts a service that has died, so that the messages it acknowledged can be looked for."""
        if not self.service.is_alive:
            self.deaths.append(self.reason_of_death())
            if not self.service.start():
                self.wrong("the service does not start any more")

    def drain(self, listener, seconds):
        """Whether a last message of the attacked product is answered: then all messages before it are done."""
        number = self.ledger.reserve()
        deadline = time.monotonic() + seconds
        last = None
        while time.monotonic() < deadline:
            self.revive()
            if listener is None or listener.isClosed:
                if self.later is None or self.later.isClosed:
                    self.later = self.listener()
                listener = self.later
                if listener is None:
                    time.sleep(0.1)
                    continue
            # A listener that publishes gets the answers to its own messages only, so another client does.
            if last is None or last.isClosed:
                last = self.client("storm-last")
            if last is None:
                time.sleep(0.1)
                continue
            last.output += mqtt.publish(self.ledger.topic, self.ledger.payload(number), 1, 1)
            answered = lambda: number in self.ledger.answered or listener.isClosed
            # An answer may be dropped if its product reads none. Then the message is sent again, as every
            # sender does.
            self.fleet.until(answered, min(self.size(3, 15), max(0.1, deadline - time.monotonic())), self.ended)
            if number in self.ledger.answered:
                return True
        return False

    def listener(self):
        return self.client("storm-listener", filters=[self.ledger.topic + "_reply"])

    def run(self, attack):
        """Runs the whole trial, and returns its row of the table."""
        began = time.monotonic()
        if not self.service.start():
            raise SystemExit(f"the service does not start: {self.reason_of_death()}")
        near, far = multiprocessing.Pipe()
        user, password = self.logins[CALM]
        neighbour = Neighbour(
            self.service.port, mqtt.Login("calm-1", user, password), Ledger(CALM), self.size(10, 5), far)
        process = multiprocessing.Process(
            target=neighbour.run, args=(self.size(20, 60),), daemon=True)
        process.start()
        watcher = threading.Thread(target=self.watch, daemon=True)
        watcher.start()
        if near.poll(20):
            near.recv()
        else:
            self.wrong("the neighbour is not answered before the attack")
        listener = self.listener()
        attack(self, listener)
        drained = self.drain(listener, self.size(20, 180))
        if not drained:
            self.wrong("the attacked product is not answered afterwards")
        near.send("stop")
        if near.poll(self.size(40, 120)):
            seen = near.recv()
        else:
            raise SystemExit("the neighbour does not end")
        process.join(5)
        for client in list(self.fleet.clients):
            client.close()
        self.watching = False
        watcher.join()
        self.sample_memory()
        self.judge_life()
        # The service copies the broker's part of the log only now and then.
        given = self.read_log()
        for _ in range(12):
            if not self.without_entry(seen, *given):
                break
            time.sleep(0.4)
            given = self.read_log()
        if self.service.stop() != 0:
            self.wrong("the service does not end with 0")
        # The broker saves once more when it ends.
        self.sample_memory()
        logged = self.judge_log(seen, *given)
        self.judge_store(seen)
        self.judge_neighbour(seen)
        self.judge_size()
        return self.row(seen, logged, time.monotonic() - began)

    def judge_life(self):
        for reason in self.deaths:
            self.wrong(f"the service died: {reason}")
        restarts = len(self.workers) - 1 - len(self.deaths)
        if restarts > 0:
            self.wrong(f"the service was started again {restarts} times: {self.reason_of_death()}")
        if len(self.brokers) > 1 and not self.expects_restart:
            self.wrong(f"the broker was started again {len(self.brokers) - 1} times")

    def read_log(self):
        """The entries with a reason by client id, the count in entries without a client, and the errors of messages."""
        given, shared, errors = Counter(), 0, 0
        for entry in self.service.entries():
            # A message that the broker refused is an error too, with the event "refused".
            if entry["kind"] == "error" and entry["event"] != "refused":
                errors += 1
            elif entry.get("client"):
                given[entry["client"]] += given_reasons(entry)
            elif is_nameless(entry):
                shared += times(entry["reason"])
        return given, shared, errors

    def owed(self, seen):
        """The number of events that must be in the log, by client id."""
        owed = self.refusals + Counter()
        for client in self.clients:
            owed[client.name] += client.denied
        # If the trial kills the broker, it knows the reason itself.
        if not self.expects_restart:
            owed += self.cuts + Counter({"calm-1": seen["cuts"] + seen["refused"]})
        return owed

    def without_entry(self, seen, given, shared, errors):
        return max(0, sum((self.owed(seen) - given).values()) - shared)

    def judge_log(self, seen, given, shared, errors):
        """There must be an entry with client and reason for each refusal and cut, and one for each error answered."""
        owed, without = self.owed(seen), self.without_entry(seen, given, shared, errors)
        if without:
            self.wrong(f"{without} of {owed.total()} refused, cut or denied have no entry with client and reason")
        answered = sum(self.ledger.refused.values())
        if errors < answered:
            self.wrong(f"{answered} messages were answered with an error, {errors} are in the log")
        self.denied = sum(client.denied for client in self.clients)
        self.explained = given - owed
        return given.total() + shared

    def judge_store(self, seen):
        verified = self.service.run("verify")
        if verified.returncode:
            self.wrong(f"verify: {verified.stdout.strip().splitlines()[-1:]}")
        stored = {STORM: set(), CALM: set()}
        doubled = foreign = rows = 0
        for product, device, number, value in self.service.rows():
            rows += 1
            product = product or (STORM if device == "s0" else CALM)
            sent = self.ledger.sent if product == STORM else seen["sent"]
            if number is None or not 0 <= number < sent or float(value) != value_of(number) + 0.5:
                foreign += 1
            elif number in stored[product]:
                doubled += 1
            else:
                stored[product].add(number)
        stats = json.loads(self.service.must("stats", "--json"))
        if stats["samples"] != rows or doubled or stats["historySamples"]:
            self.wrong(f"{stats['samples']} samples in stats, {rows} rows, {doubled} doubled, "
                       f"{stats['historySamples']} older versions")
        if foreign:
            self.wrong(f"{foreign} samples are stored that nobody sent")
        self.stored = len(stored[STORM])
        lost = len(self.ledger.answered - stored[STORM]) + len(seen["answered"] - stored[CALM])
        self.lost = lost
        if lost:
            self.wrong(f"{lost} messages were answered 200 and are not stored")
        gone = Counter()
        for name, spans in self.spans:
            gone[name] += sum(n not in stored[STORM] for first, end in spans for n in range(first, end))
        self.missing = gone.total()
        if gone - self.explained:
            self.wrong(f"{gone.total()} messages of connections that were not cut are gone without an entry")

    def judge_neighbour(self, seen):
        if seen["unanswered"]:
            self.wrong(f"{seen['unanswered']} of the neighbour's {seen['sent']} messages have no answer")
        if seen["codes"]:
            self.wrong(f"the neighbour was answered {seen['codes']}")
        if seen["cuts"] and not self.expects_restart:
            self.wrong(f"the neighbour was cut off {seen['cuts']} times")
        if self.long and self.judges_latency and share(seen["latencies"], 0.99) > P99:
            self.wrong(f"the neighbour's p99 is {share(seen['latencies'], 0.99):.1f} s")

    def judge_size(self):
        limits = (SERVICE_MEMORY, BROKER_MEMORY, DATABASE) if self.long else (
            SHORT_SERVICE_MEMORY, SHORT_BROKER_MEMORY, SHORT_DATABASE)
        names = ("service", "broker", "database"), ("the service has", "the broker has", "mosquitto.db has")
        for name, words, limit in zip(*names, limits):
            if self.peaks[name] > limit:
                self.wrong(f"{words} {self.peaks[name]:.0f} MiB, more than {limit}")

    def row(self, seen, logged, seconds):
        latencies = [share(seen["latencies"], part) for part in (0.5, 0.99, 1.0)]
        return {
            "attack": self.name, "sent": self.ledger.sent + self.other, "answered": len(self.ledger.answered),
            "stored": self.stored, "refused": self.refused, "cut": self.cut, "denied": self.denied,
            "log": logged, "lost": self.lost, "unexplained": self.missing,
            "service": round(self.peaks["service"]), "broker": round(self.peaks["broker"]),
            "database": round(self.peaks["database"], 1), "latency": [round(1000 * x) for x in latencies],
            "neighbour": [seen["sent"], seen["sent"] - seen["unanswered"], seen["cuts"]],
            "seconds": round(seconds, 1), "notes": self.notes, "findings": self.findings,
        }


def given_reasons(entry):
    """The number of refusals, cuts or denials of its client for which an entry gives a reason."""
    reason = entry.get("reason", "")
    if not reason or entry["event"] == "connected" or entry["event"] == "disconnected" and BARE.fullmatch(reason):
        return 0
    return times(reason)


def is_nameless(entry):
    """Whether an entry without a client's name counts refusals or cuts.

    There may be so many clients in a second that the log only counts the rest, or connections may be closed before they
    have sent their names.
    """
    reason = entry.get("reason", "")
    return entry["event"] in ("refused", "denied") and bool(BARE.fullmatch(reason)) or (
        entry["event"] != "connected" and "connection" in reason)


def times(reason):
    """How many times the event of one log entry happened."""
    found = TIMES.search(reason)
    return int(next(filter(None, found.groups()))) if found else 1


def share(values, part):
    """The value that this part of all values does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))] if ordered else 0.0
