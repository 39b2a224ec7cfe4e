#!/usr/bin/env python3
"""What the gateway adds to a request, beside nginx in the same run. See README.md in this folder.

Standard library only. Everything stays on loopback and ends by itself.
"""
import argparse
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

PROXY_CORE, LOAD_CORE = 0, 1
LADDER = [*range(8000, 34000, 2000), 36000, 40000, 46000, 54000, 64000]
LIMIT_MS = 10.0

NGINX = """daemon off; master_process off; worker_processes 1; pid {dir}/nginx.pid; error_log {dir}/error.log;
events {{ worker_connections 8192; }}
http {{
  access_log off; client_body_temp_path {dir}/body; proxy_temp_path {dir}/proxy; fastcgi_temp_path {dir}/f;
  uwsgi_temp_path {dir}/u; scgi_temp_path {dir}/s; keepalive_requests 100000000; client_body_buffer_size 64k;
  upstream model {{ server 127.0.0.1:{upstream}; keepalive 1024; keepalive_requests 100000000; }}
  server {{
    listen 127.0.0.1:{port};
    location / {{ proxy_pass http://model; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_buffering off; }}
  }}
}}
"""

CONFIG = """[server]
listen = "127.0.0.1:{port}"
threads = 1
[record]
enabled = {enabled}
mode = "{mode}"
[log]
level = "warn"
[[models]]
name = "mock"
kind = "openai"
url = "http://127.0.0.1:{upstream}/v1"
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_port(port, process):
    for _ in range(200):
        if process.poll() is not None:
            sys.exit(f"bench: {process.args[0]} ended with {process.returncode}")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    sys.exit(f"bench: nothing listens on port {port}")


def rss_mib(pid):
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", text).group(1)) / 1024, int(re.search(r"VmHWM:\s+(\d+)", text).group(1)) / 1024


class Setup:
    """One path of a request: a name, a port, and the process under test (None: direct)."""

    def __init__(self, name, port, process=None):
        self.name, self.port, self.process = name, port, process
        self.latency, self.streams, self.best, self.failed = [], [], 0, 0


class Bench:
    def __init__(self, options):
        self.options = options
        self.programs = pathlib.Path(options.binary).resolve().parent / "bench" / "gateway"
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="understudy-bench-"))
        self.processes = []

    def start(self, command, core):
        process = subprocess.Popen(["taskset", "-c", str(core), *map(str, command)], stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL)
        self.processes.append(process)
        return process

    def mock(self, delay_us, chunk_gap_us=1000):
        port = free_port()
        wait_port(port, self.start([self.programs / "gateway_mock_upstream", port, delay_us, 64, chunk_gap_us], LOAD_CORE))
        return port

    def nginx(self, upstream):
        port, folder = free_port(), self.folder / "nginx"
        folder.mkdir()
        (folder / "nginx.conf").write_text(NGINX.format(dir=folder, port=port, upstream=upstream))
        binary = shutil.which("nginx") or "/usr/sbin/nginx"
        process = self.start([binary, "-p", folder, "-c", folder / "nginx.conf"], PROXY_CORE)
        wait_port(port, process)
        return Setup("nginx", port, process)

    def gateway(self, upstream, name, record):
        """record: "off", "batched" or "strict"."""
        port, folder = free_port(), self.folder / name.replace(" ", "-")
        folder.mkdir()
        (folder / "config.toml").write_text(CONFIG.format(
            port=port, upstream=upstream, enabled=str(record != "off").lower(), mode=record if record != "off" else "batched"))
        process = self.start([self.options.binary, "serve", "--workspace", folder], PROXY_CORE)
        wait_port(port, process)
        for task in pathlib.Path(f"/proc/{process.pid}/task").iterdir():
            if (task / "comm").read_text().strip().startswith("record"):
                subprocess.run(["taskset", "-p", "-c", str(LOAD_CORE), task.name], check=True, stdout=subprocess.DEVNULL)
        return Setup(name, port, process)

    def load(self, port, rate, seconds, connections, stream=False):
        command = ["taskset", "-c", str(LOAD_CORE), str(self.programs / "gateway_load"), str(port), str(rate), str(seconds),
                   str(connections)] + (["stream"] if stream else [])
        return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)

    def stop(self):
        for process in self.processes:
            process.send_signal(signal.SIGTERM)
        for process in self.processes:
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


def recorder(port):
    text = urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10).read().decode()
    pick = lambda name: float(re.search(rf"^{name} (\S+)$", text, re.M).group(1))
    return {"cpu_s": pick("understudy_recorder_cpu_seconds_total"), "recorded": pick("understudy_exchanges_recorded_total"),
            "unrecorded": pick("understudy_exchanges_unrecorded_total")}


def measure_latency(bench, setups):
    for _ in range(bench.options.rounds):
        for setup in setups:
            setup.latency.append(bench.load(setup.port, 500, 3, 1)["latency_us"])
            setup.streams.append(bench.load(setup.port, 50, 2, 64, stream=True))


def measure_throughput(bench, setups):
    for rate in LADDER:
        for setup in setups:
            if setup.failed >= 2:
                continue
            tries = [bench.load(setup.port, rate, bench.options.seconds, 128) for _ in range(2)]
            good = [t for t in tries if t["errors"] == 0 and t["latency_us"]["p99"] < LIMIT_MS * 1000 and t["rps"] > rate * 0.95]
            setup.failed = 0 if good else setup.failed + 1
            if good:
                setup.best = rate
            print(f"  {setup.name:<24} {rate:>6}/s  p99 {min(t['latency_us']['p99'] for t in tries) / 1000:8.2f} ms", file=sys.stderr)


def measure_memory(bench, setups):
    """RSS along the way: what grows with every request shows between the first tenth and the last."""
    total, curve = bench.options.requests, {}
    rate = max(4000, min((int(s.best * 0.6) for s in setups if s.best), default=0))
    for setup in setups:
        marks, done = [rss_mib(setup.process.pid)[0]], 0
        for _ in range(10):
            done += bench.load(setup.port, rate, total / 10 / rate, 128)["done"]
            marks.append(rss_mib(setup.process.pid)[0])
        curve[setup.name] = {"rss_mib": marks, "peak_mib": rss_mib(setup.process.pid)[1], "answered": done, "rate": rate}
        print(f"  {setup.name:<24} {done:>9,} of {total:,} answered at {rate}/s", file=sys.stderr)
    return curve


def cpu_s(pid):
    """Of all threads, user and kernel."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure_recording(bench, upstream):
    """The same load with recording off, batched and strict, in interleaved rounds: CPU of a request, and its latency."""
    rate, seconds = bench.options.rate, bench.options.seconds
    setups = [bench.gateway(upstream, f"recording {mode}", mode) for mode in ("off", "batched", "strict")]
    rows = {setup.name: [] for setup in setups}
    for setup in setups:
        bench.load(setup.port, rate, 2, 64)  # the dictionary is trained on it
    for _ in range(bench.options.rounds):
        for setup in setups:
            before, books = cpu_s(setup.process.pid), recorder(setup.port)
            done = bench.load(setup.port, rate, seconds, 64)
            after = recorder(setup.port)
            writer_us = (after["cpu_s"] - books["cpu_s"]) * 1e6
            rows[setup.name].append({
                "all_us": (cpu_s(setup.process.pid) - before) * 1e6 / done["done"], "writer_us": writer_us / done["done"],
                "unrecorded": after["unrecorded"] - books["unrecorded"], "errors": done["errors"],
                "p50_us": done["latency_us"]["p50"], "p99_us": done["latency_us"]["p99"], "rps": done["rps"]})
        print(f"  {setups[-1].name}: a round of {len(setups)} is done", file=sys.stderr)
    return rows


def report_recording(rows, rate):
    print(f"\nat {rate} requests/s; medians of the rounds")
    print(f"{'':<24}{'CPU us':>10}{'of the writer':>15}{'requests/s':>12}{'p50 us':>10}{'p99 us':>10}{'unrecorded':>12}")
    for name, runs in rows.items():
        pick = lambda key: statistics.median(run[key] for run in runs)
        print(f"{name:<24}{pick('all_us'):>10.1f}{pick('writer_us'):>15.1f}{pick('rps'):>12.0f}{pick('p50_us'):>10.0f}"
              f"{pick('p99_us'):>10.0f}{sum(run['unrecorded'] for run in runs):>12.0f}")


def median(rows, *path):
    values = []
    for row in rows:
        for key in path:
            row = row[key]
        values.append(row)
    return statistics.median(values)


def line(name, values, ratio_of=None, unit=""):
    cells = "".join(f"{value:>16,.1f}" for value in values)
    ratio = f"{values[1] / values[2]:>10.2f}x" if ratio_of is None and values[2] else f"{'':>11}"
    print(f"{name:<44}{cells}{ratio} {unit}")


def report_latency(direct, gateway, nginx):
    base50, base99 = median(direct.latency, "p50"), median(direct.latency, "p99")
    added = lambda s, q, base: max(0.0, median(s.latency, q) - base)
    line("added p50, one connection", [0, added(gateway, "p50", base50), added(nginx, "p50", base50)], unit="us")
    line("added p99, one connection", [0, added(gateway, "p99", base99), added(nginx, "p99", base99)], unit="us")
    first = [median(s.streams, "first_us", "p50") for s in (direct, gateway, nginx)]
    gap = [median(s.streams, "gap_us", "p50") for s in (direct, gateway, nginx)]
    gap99 = [median(s.streams, "gap_us", "p99") for s in (direct, gateway, nginx)]
    line("added time to first token, p50", [0, first[1] - first[0], first[2] - first[0]], unit="us")
    line("gap between two of 64 chunks, p50", gap, unit="us")
    line("gap between two of 64 chunks, p99", gap99, unit="us")


def report_memory(setups, curve, requests):
    rows = [curve[s.name] for s in setups]
    line("RSS idle", [0, *(row["rss_mib"][0] for row in rows)], unit="MiB")
    for tenth in (1, 5, 10):
        line(f"RSS after {requests * tenth // 10:,} requests", [0, *(row["rss_mib"][tenth] for row in rows)], unit="MiB")
    line("RSS peak", [0, *(row["peak_mib"] for row in rows)], unit="MiB")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default="build/release/understudy", help="the program under test")
    parser.add_argument("--rounds", type=int, default=3, help="interleaved rounds of the latency part")
    parser.add_argument("--seconds", type=float, default=2, help="length of one throughput or recording step")
    parser.add_argument("--parts", default="latency,throughput,memory,recording", help="what to measure")
    parser.add_argument("--rate", type=int, default=4_000, help="requests a second of the recording part")
    parser.add_argument("--requests", type=int, default=1_000_000,
                        help="requests of the memory part, at 4,000 a second at least: a million take nine minutes at most")
    parser.add_argument("--no-record", action="store_true", help="also serve without recording (a diagnosis)")
    parser.add_argument("--json", help="write every figure to this file")
    options = parser.parse_args()
    if os.cpu_count() < 2:
        sys.exit("bench: two cores are needed, one for the proxy and one for the load")
    bench = Bench(options)
    try:
        upstream = bench.mock(0)
        direct, nginx = Setup("direct", upstream), bench.nginx(upstream)
        gateway = bench.gateway(upstream, "understudy", record="off" if options.no_record else "batched")
        parts, curve, recording = options.parts.split(","), {}, {}
        if "recording" in parts:
            recording = measure_recording(bench, upstream)
            report_recording(recording, options.rate)
        if parts == ["recording"]:
            return
        if "latency" in parts:
            measure_latency(bench, [direct, gateway, nginx])
        if "throughput" in parts:
            measure_throughput(bench, [direct, gateway, nginx])
        if "memory" in parts:
            curve = measure_memory(bench, [gateway, nginx])
        books = recorder(gateway.port)
        books["us"] = books["cpu_s"] * 1e6 / max(1, books["recorded"])
        print(f"\n{'':<44}{'direct':>16}{'understudy':>16}{'nginx':>16}{'ratio':>11}")
        if "latency" in parts:
            report_latency(direct, gateway, nginx)
        if "throughput" in parts:
            line(f"requests/s at p99 < {LIMIT_MS:.0f} ms", [direct.best, gateway.best, nginx.best])
        if "memory" in parts:
            report_memory([gateway, nginx], curve, options.requests)
        print(f"\nrecorder, on the other core: {books['us']:.1f} us of CPU an exchange; {books['recorded']:,.0f} recorded, "
              f"{books['unrecorded']:,.0f} unrecorded")
        if options.json:
            pathlib.Path(options.json).write_text(json.dumps({
                "latency": {s.name: s.latency for s in (direct, gateway, nginx)},
                "streams": {s.name: s.streams for s in (direct, gateway, nginx)},
                "requests_per_s": {s.name: s.best for s in (direct, gateway, nginx)}, "memory": curve, "recorder": books,
                "recording": recording}, indent=1))
    finally:
        bench.stop()


if __name__ == "__main__":
    main()
