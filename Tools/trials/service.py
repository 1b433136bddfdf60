"""service.py: a private Varve service in a temporary folder, to start, watch, kill and query."""
import csv
import json
import os
import resource
import shutil
import signal
import socket
import subprocess
import time

BROKER = "mosquitto"
EPOCH = 1_704_067_200_000


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def read(path):
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return b""


def memory(process):
    """Resident MiB of a process, current and peak; zeros if it is gone."""
    found = {}
    for line in read(f"/proc/{process}/status").decode(errors="replace").splitlines():
        name, _, value = line.partition(":")
        if name in ("VmRSS", "VmHWM"):
            found[name] = int(value.split()[0]) / 1024
    return found.get("VmRSS", 0.0), found.get("VmHWM", 0.0)


def is_running(process):
    fields = read(f"/proc/{process}/stat").rpartition(b")")[2].split()
    return bool(fields) and fields[0] != b"Z"


def name_of(process):
    return read(f"/proc/{process}/comm").decode(errors="replace").strip()


class Commands:
    """Runs commands on one data directory."""

    def __init__(self, binaries, data):
        self.varve, self.data = os.path.join(binaries, "varve"), data
        self.environment = {
            key: value for key, value in os.environ.items()
            if not key.startswith("VARVE_") and key != "NOTIFY_SOCKET"}
        self.environment["VARVE_DATA"] = data

    def run(self, *words, timeout=600):
        return subprocess.run(
            [self.varve, *words], env=self.environment, capture_output=True, text=True, errors="replace",
            timeout=timeout, preexec_fn=usual_limits)

    def must(self, *words):
        done = self.run(*words)
        if done.returncode:
            raise SystemExit(f"varve {' '.join(words)}: {done.stderr.strip()}")
        return done.stdout

    def register(self, products, devices):
        """Creates a model of one point, and products with devices and a channel. Returns user and password by product."""
        self.must("model", "create", "m", "--point", "p:double")
        logins = {}
        for product in products:
            self.must("product", "create", product, "--model", "m")
            for device in devices:
                self.must("device", "create", device, "--product", product)
            self.must("channel", "create", product, "--product", product)
            shown = json.loads(self.must("channel", "show", product, "--json"))
            logins[product] = shown["username"], shown["password"]
        return logins

    def rows(self):
        """Every sample: (product or empty, device, milliseconds since EPOCH, value as text)."""
        path = self.data + ".csv"
        done = self.run("export", "--format", "csv", "--time-format", "epoch-ns", "--out", path, "--quiet")
        if done.returncode:
            raise ValueError(f"export: {done.stderr.strip()}")
        with open(path, newline="") as file:
            for row in csv.DictReader(file):
                time_, rest = divmod(int(row["time"]), 1_000_000)
                yield row.get("product", ""), row["device"], time_ - EPOCH if not rest else None, row["value"]
        os.remove(path)

    def entries(self):
        done = self.run("log", "--format", "ndjson", "--limit", "1000000000", "--kind", "connection", "--kind", "error")
        if done.returncode:
            raise ValueError(f"log: {done.stderr.strip()}")
        return [json.loads(line) for line in done.stdout.splitlines()]


def usual_limits():
    """Sets the limit of open files that a service usually starts with, even if this tool has raised its own."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(1024, hard), hard))


class Service(Commands):
    """`varve serve` on a data directory. `settings` is the content of its configuration file."""

    def __init__(self, binaries, data, settings):
        super().__init__(binaries, data)
        self.port = free_port()
        settings = {**settings, "mqtt": {"port": self.port}}
        self.configuration = data + ".json"
        with open(self.configuration, "w") as file:
            json.dump(settings, file)
        self.errors = data + ".errors"
        self.output = data + ".output"
        self.process = None
        self.starts = 0

    def launch(self):
        """Starts the service and does not wait for it."""
        open(self.output, "w").close()
        self.process = subprocess.Popen(
            [self.varve, "serve", "--config", self.configuration], env=self.environment, stdin=subprocess.DEVNULL,
            stdout=open(self.output, "ab"), stderr=open(self.errors, "ab"), preexec_fn=usual_limits,
            start_new_session=True)
        self.starts += 1

    def start(self, seconds=60):
        self.launch()
        return self.wait_ready(seconds)

    def wait_ready(self, seconds=60):
        deadline = time.monotonic() + seconds
        while b"varve: ready" not in read(self.output):
            if self.process.poll() is not None or time.monotonic() > deadline:
                return False
            time.sleep(0.02)
        return True

    @property
    def is_alive(self):
        return self.process is not None and self.process.poll() is None

    def worker(self):
        """The process that takes messages: the started one or, with a supervisor, its child."""
        if not self.is_alive:
            return None
        own = self.process.pid
        for child in read(f"/proc/{own}/task/{own}/children").split():
            if name_of(int(child)) == "varved" and is_running(int(child)):
                return int(child)
        return own if name_of(own) == "varved" else None

    def last_words(self):
        """The last line on standard error."""
        lines = read(self.errors).decode(errors="replace").splitlines()
        return next((line.strip()[:200] for line in reversed(lines) if line.strip()), "nothing on standard error")

    @property
    def has_supervisor(self):
        return self.is_alive and name_of(self.process.pid) != "varved"

    def broker(self):
        """The mosquitto that runs with the configuration of this data directory; None if it does not run."""
        place = f"{self.data}/broker/mosquitto-".encode()
        for name in os.listdir("/proc"):
            if name.isdigit() and place in read(f"/proc/{name}/cmdline") and name_of(int(name)) == BROKER:
                if is_running(int(name)):
                    return int(name)
        return None

    def database(self):
        """MiB of the broker's database or of the new one that it is writing, whichever is larger."""
        sizes = []
        for name in ("mosquitto.db", "mosquitto.db.new"):
            try:
                sizes.append(os.path.getsize(f"{self.data}/broker/state/{name}"))
            except OSError:
                pass
        return max(sizes, default=0) / 2**20

    def stop(self, seconds=60):
        """Ends the service with SIGTERM. Returns its exit code, or None if it does not end in time."""
        if not self.is_alive:
            return self.process.poll() if self.process else None
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None

    def clear(self):
        """Kills all that is left of the service and removes its files."""
        for process in (self.worker(), self.process.pid if self.is_alive else None, self.broker()):
            if process:
                try:
                    os.kill(process, signal.SIGKILL)
                except ProcessLookupError:
                    pass
        if self.process:
            self.process.wait()
        broker = self.broker()
        if broker:
            os.kill(broker, signal.SIGKILL)
        shutil.rmtree(self.data, ignore_errors=True)
        for path in (self.configuration, self.errors, self.output, self.data + ".csv"):
            if os.path.exists(path):
                os.remove(path)


def connections(binaries):
    """The default of the setting broker.connections; None if the service does not have the setting."""
    shown = subprocess.run(
        [os.path.join(binaries, "varve"), "serve", "--print-config"], capture_output=True, text=True, check=True)
    return json.loads(shown.stdout).get("broker", {}).get("connections")
