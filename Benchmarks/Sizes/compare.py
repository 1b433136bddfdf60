"""Measures bytes per sample of Varve and of its peers on the same samples, and writes the table.

Tools/compare-sizes runs it. Each recording is imported into a store of its own and compacted. The peers get the distinct
samples, which the store then exports. A peer that is not installed is named and left out.
"""

import argparse
import contextlib
import datetime
import importlib.metadata
import json
import os
import pathlib
import platform
import shutil
import subprocess
import sys
import tempfile
import textwrap

RECORDINGS = ["wind_haute_borne", "solar_pvanalytics", "metrics_nab", "battery_cyclers"]
COUNTED = """How it is counted:

- **Varve**: every file of the store after `varve compact --wait` (times, values, quality, texts, keys, index, manifest,
  dictionaries), by all samples. Lossless.
- **pcodec**: level 12, times and values of the series of numbers only, one chunk each, by the samples that have a
  number. No keys, index, checksums, quality or texts; a series has to be unpacked from its start. Lossless.
- **Parquet**: one file of all rows by device, point and time (zstd level 19, times as packed differences, numbers by
  dictionary or as byte streams, whichever is smaller), by all samples, quality included. Lossless.
- **VictoriaMetrics**: data and index after its forced merge, finite numbers only, times in milliseconds. It rounds full
  doubles to 12 to 15 digits.
- **InfluxDB**: data and WAL after its own compaction, finite numbers only, without its list of
  series, which has a fixed size. Lossless."""


def report_progress(text):
    print(text, file=sys.stderr, flush=True)


def run(command, **options):
    return subprocess.run(command, check=True, text=True, stdout=subprocess.PIPE, **options).stdout


def varve(tool, source, store):
    """Imports and compacts, and returns the output of `varve stats`."""
    imported = subprocess.run(
        [tool, "import", "--data", store, "--register", "--quiet", source], stdout=subprocess.DEVNULL, check=False
    )
    if imported.returncode not in (0, 3):
        raise RuntimeError(f"varve import of {source} failed")
    run([tool, "compact", "--data", store, "--wait", "--quiet"])
    return json.loads(run([tool, "stats", "--data", store, "--json"]))


def debian(package):
    with contextlib.suppress(FileNotFoundError, subprocess.CalledProcessError):
        return run(["dpkg-query", "-W", "-f", "${Version}", package], stderr=subprocess.DEVNULL).strip()
    return None


def library(name):
    with contextlib.suppress(importlib.metadata.PackageNotFoundError):
        return importlib.metadata.version(name)
    return None


def peers():
    """The installed peers, as (name, measure), and lines about their versions and about missing peers."""
    found, notes = [], []
    if library("numpy") and library("pyarrow"):
        import codecs_of_peers as codecs
        import servers

        candidates = [
            ("pcodec", library("pcodec"), codecs.pcodec),
            ("Parquet + zstd", f"by pyarrow {library('pyarrow')}", codecs.parquet),
            ("VictoriaMetrics", shutil.which("victoria-metrics") and (debian("victoria-metrics") or "installed"), servers.victoria_metrics),
            ("InfluxDB", shutil.which("influxd") and (debian("influxdb") or "installed"), servers.influxdb),
        ]
        for name, version, measure in candidates:
            if version:
                found.append((name, measure))
                notes.append(f"{name} {version}")
            else:
                notes.append(f"{name}: not installed, left out")
    else:
        notes.append("no numpy or pyarrow here: all peers are left out")
    return found, notes


def measure(name, stats, load, found, scratch):
    """A row of the table: the bytes per sample of Varve, then of each peer."""
    cells = [name, f"{stats['samples']:,}", f"**{stats['bytesPerSample']:.3f}**"]
    recording = load() if found else None
    for peer, function in found:
        folder = tempfile.mkdtemp(dir=scratch)
        try:
            size, count = function(recording, folder)
            cells.append(f"{size / count:.3f}")
            report_progress(f"{name}: {peer} {size:,} bytes, {count:,} samples")
        except Exception as error:  # A peer that fails is no reason to lose the others.
            report_progress(f"{name}: {peer} failed: {error}")
            cells.append("failed")
        shutil.rmtree(folder, ignore_errors=True)
    return cells


def farm(options, scratch):
    """The farm's Parquet file and a CSV of it, made by the generator; None if there is no generator."""
    if not (options.generator and os.path.exists(options.generator) and library("pyarrow")):
        report_progress("the generator of the farm or pyarrow is absent: skipped")
        return None
    import pyarrow.csv
    import pyarrow.parquet

    run([sys.executable, options.generator, scratch, "--no-text", "--devices", str(options.devices)], stderr=sys.stderr)
    target = f"{scratch}/farm.csv"
    with open(target, "wb") as file:
        file.write(b"device,point,time,value\n")
        plain = pyarrow.csv.WriteOptions(include_header=False, quoting_style="none")
        for batch in pyarrow.parquet.ParquetFile(f"{scratch}/main.parquet").iter_batches(1 << 20):
            texts = [batch.column(0).cast("string"), batch.column(1).cast("string"), *batch.columns[2:]]
            pyarrow.csv.write_csv(pyarrow.table(texts, names=list("dptv")), file, plain)
    return target, f"{scratch}/main.parquet"


def measure_all(options, scratch, found):
    for name in RECORDINGS:
        source = f"{options.data}/{name}.csv.gz"
        if not os.path.exists(source):
            report_progress(f"{source} is absent: skipped")
            continue
        report_progress(name)
        store = f"{scratch}/store-{name}"
        stats = varve(options.varve, source, store)

        def load(name=name, store=store):
            import recording

            export = f"{scratch}/{name}.csv"
            run([options.varve, "export", "--data", store, "--format", "csv", "--out", export])
            return recording.from_export(name, export)

        yield measure(name, stats, load, found, scratch)
    if options.farm and (made := farm(options, scratch)):
        import recording

        report_progress("synthetic wind farm")
        stats = varve(options.varve, made[0], f"{scratch}/store-farm")
        os.remove(made[0])
        name = f"synthetic wind farm, {options.devices} devices"
        yield measure(name, stats, lambda: recording.from_farm(made[1]), found, scratch)


def processor():
    with contextlib.suppress(OSError):
        for line in pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--varve", required=True)
    parser.add_argument("--versions", default="Varve")
    parser.add_argument("--data", required=True)
    parser.add_argument("--report", required=True)
    parser.add_argument("--farm", action="store_true")
    parser.add_argument("--generator")
    parser.add_argument("--devices", type=int, default=100)
    options = parser.parse_args()
    found, notes = peers()
    with tempfile.TemporaryDirectory(prefix="varve-sizes.") as scratch:
        rows = list(measure_all(options, scratch, found))
    if not rows:
        sys.exit(f"no recording in {options.data}: name a folder with --data")
    header = ["recording", "samples", "Varve", *(name for name, _ in found)]
    lines = ["# Bytes per sample: Varve and its peers", "", "Made by `Tools/compare-sizes`; all in one run.", ""]
    lines.append(f"- Date: {datetime.datetime.now(datetime.UTC):%Y-%m-%d %H:%M} UTC")
    lines.append(f"- Machine: {processor()}, {os.cpu_count()} cores, Linux {platform.release()}")
    versions = f"- Versions: {'; '.join([options.versions, *notes])}"
    lines += textwrap.wrap(versions, 120, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)
    lines += ["", "| " + " | ".join(header) + " |", "|---" * len(header) + "|"]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    lines += ["", COUNTED]
    pathlib.Path(options.report).write_text("\n".join(lines) + "\n", encoding="utf-8")
    report_progress(f"written: {options.report}")


if __name__ == "__main__":
    main()
