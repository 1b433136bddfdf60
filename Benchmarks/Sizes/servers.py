"""Peers that are servers: VictoriaMetrics and InfluxDB, started on a loopback port for one recording, then stopped."""

import contextlib
import io
import math
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request

ROWS_A_POST = 200_000


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def post(url, body=b""):
    """Posts a body. If the server is busy, tries twice more, which changes nothing if the first try was stored."""
    for wait in (5, 20, 0):
        try:
            with urllib.request.urlopen(urllib.request.Request(url, data=body, method="POST"), timeout=300) as reply:
                return reply.read()
        except urllib.error.HTTPError:
            if not wait:
                raise
            time.sleep(wait)
    return b""


@contextlib.contextmanager
def running(command, ready):
    """Runs a server until the block ends. Then it is asked to stop, and is killed if it does not."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(300):
            if process.poll() is not None:
                raise RuntimeError(f"{command[0]} ended at its start")
            with contextlib.suppress(urllib.error.URLError, ConnectionError):
                urllib.request.urlopen(ready, timeout=5).close()
                break
            time.sleep(0.1)
        yield
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(120)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def size_of(folders):
    """The bytes of all files; of files with holes, those allocated. InfluxDB's list of series, of fixed size, is left out."""
    total = 0
    for folder in folders:
        for parent, below, names in os.walk(folder):
            below[:] = [name for name in below if name != "_series"]
            for name in names:
                with contextlib.suppress(FileNotFoundError):
                    found = os.stat(os.path.join(parent, name))
                    total += min(found.st_size, found.st_blocks * 512)
    return total


def wait_until_unchanged(folders):
    """Waits until the files have not changed for 15 seconds, at most five minutes."""
    last, still = -1, 0
    for _ in range(300):
        size = size_of(folders)
        still = still + 1 if size == last else 0
        if still == 15:
            return
        last = size
        time.sleep(1)


def rows(recording, line):
    """Yields the finite numbers as bodies of ROWS_A_POST rows each."""
    body, count = io.StringIO(), 0
    for one in recording.series:
        for moment, value in zip(one.times.tolist(), one.values.tolist()):
            if math.isfinite(value):
                body.write(line(one, moment, value))
                count += 1
                if count % ROWS_A_POST == 0:
                    yield body.getvalue().encode()
                    body = io.StringIO()
    yield body.getvalue().encode()


def finite(recording):
    return sum(int(sum(map(math.isfinite, one.values.tolist()))) for one in recording.series)


def label(text):
    return "".join(letter if letter.isalnum() or letter in "._-/" else "_" for letter in text)


def victoria_metrics(recording, scratch):
    """Stores finite numbers with times in ms, and measures after its own merge. It rounds values to 12 to 15 digits."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    folders = [f"{scratch}/vm/data", f"{scratch}/vm/indexdb"]
    command = ["victoria-metrics", f"-httpListenAddr=127.0.0.1:{port}", f"-storageDataPath={scratch}/vm"]
    command += ["-retentionPeriod=100y", "-dedup.minScrapeInterval=1ms", "-search.disableCache"]
    with running(command, f"{url}/health"):
        form = "1:label:d,2:label:p,3:time:unix_ms,4:metric:v"
        for body in rows(recording, lambda s, t, v: f"{label(s.device)},{label(s.point)},{t // 1_000_000},{v!r}\n"):
            post(f"{url}/api/v1/import/csv?format={form}", body)
        for step in ("force_flush", "force_merge"):
            urllib.request.urlopen(f"{url}/internal/{step}", timeout=300).close()
        wait_until_unchanged(folders)
    return size_of(folders), finite(recording)


INFLUX = """
reporting-disabled = true
bind-address = "127.0.0.1:{rpc}"
[meta]
  dir = "{scratch}/influx/meta"
[data]
  dir = "{scratch}/influx/data"
  wal-dir = "{scratch}/influx/wal"
  compact-full-write-cold-duration = "5s"
  cache-snapshot-write-cold-duration = "5s"
  max-series-per-database = 0
[monitor]
  store-enabled = false
[http]
  bind-address = "127.0.0.1:{port}"
  log-enabled = false
  max-body-size = 0
"""


def influxdb(recording, scratch):
    """Stores finite numbers with times in ns, and measures after its own compaction."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    os.makedirs(f"{scratch}/influx", exist_ok=True)
    with open(f"{scratch}/influx.conf", "w", encoding="utf-8") as file:
        file.write(INFLUX.format(scratch=scratch, port=port, rpc=free_port()))
    folders = [f"{scratch}/influx/data", f"{scratch}/influx/wal"]
    with running(["influxd", "run", "-config", f"{scratch}/influx.conf"], f"{url}/ping"):
        query = b"q=CREATE+DATABASE+varve+WITH+DURATION+INF+SHARD+DURATION+520w"
        post(f"{url}/query", query)
        for body in rows(recording, lambda s, t, v: f"m,d={label(s.device)},p={label(s.point)} v={v!r} {t}\n"):
            post(f"{url}/write?db=varve&precision=ns", body)
        wait_until_unchanged(folders)
    return size_of(folders), finite(recording)
