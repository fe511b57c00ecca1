"""Programs and libraries by which operators of fleets read metrics."""

import functools
import http.server
import json
import os
import socket
import subprocess
import threading
import urllib.error
import urllib.parse
import urllib.request

from . import strict
from .processes import Failure, Process, wait_until

REPOSITORY = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__)))))
READERS = os.path.join(REPOSITORY, "tests", "readers")
# All builds share one environment for each machine.
ENVIRONMENT = os.path.join(os.environ.get("LOOPPROF_CACHE", "/var/cache/loopprof"), "readers")
OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"


@functools.cache
def environment():
    made = subprocess.run([os.path.join(READERS, "python.sh"), ENVIRONMENT], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if made.returncode != 0:
        raise Failure(f"no environment for readers: {made.stdout}")
    return os.path.join(ENVIRONMENT, "bin", "python")


def read(script, path):
    """The objects that a reader of tests/readers prints for a file, one per line."""
    done = subprocess.run([environment(), os.path.join(READERS, script), path], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    if done.returncode != 0:
        raise Failure(f"{script}: {done.stderr[-2000:]}")
    return [strict.loads(line) for line in done.stdout.splitlines()]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def fetch(url):
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return answer.read().decode()
    except (urllib.error.URLError, ConnectionError):
        return None


def start_node_exporter(case, directory):
    """Starts Debian's node exporter on the *.prom files of a directory.  Returns its address."""
    address = f"127.0.0.1:{free_port()}"
    case.own(Process(["prometheus-node-exporter", "--collector.disable-defaults",
                      "--collector.textfile", f"--collector.textfile.directory={directory}",
                      f"--web.listen-address={address}"], case.path("node_exporter.err"),
                     stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL))
    wait_until(lambda: fetch(f"http://{address}/metrics"), "node_exporter answers")
    return address


def serve_openmetrics(directory):
    """Serves files with the type of OpenMetrics.  Returns the address."""
    class Handler(http.server.SimpleHTTPRequestHandler):
        def guess_type(self, path):
            return OPENMETRICS

        def log_message(self, *arguments):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0),
                                             functools.partial(Handler, directory=directory))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"127.0.0.1:{server.server_address[1]}"


class Prometheus:
    """Debian's Prometheus, which scrapes one address every half second."""

    def __init__(self, case, target, path="/metrics"):
        self.address = f"127.0.0.1:{free_port()}"
        config = case.path("prometheus.yml")
        with open(config, "w", encoding="utf-8") as file:
            json.dump({"global": {"scrape_interval": "500ms", "scrape_timeout": "500ms"},
                       "scrape_configs": [{"job_name": "node", "metrics_path": path,
                                           "static_configs": [{"targets": [target]}]}]}, file)
        case.own(Process(["prometheus", f"--config.file={config}",
                          f"--storage.tsdb.path={case.path('tsdb')}",
                          "--enable-feature=exemplar-storage", "--query.lookback-delta=1m",
                          f"--web.listen-address={self.address}"], case.path("prometheus.err"),
                         stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL))
        wait_until(lambda: fetch(f"http://{self.address}/-/ready"), "Prometheus is ready")

    def _get(self, path, **parameters):
        text = fetch(f"http://{self.address}/api/v1/{path}?{urllib.parse.urlencode(parameters)}")
        answer = json.loads(text) if text else {}
        return answer["data"] if answer.get("status") == "success" else None

    def query(self, expression):
        """(labels, value) of each series of an expression."""
        data = self._get("query", query=expression)
        return [(series["metric"], float(series["value"][1])) for series in data["result"]] \
            if data else []

    def value(self, expression):
        """The value of the only series, or None as long as there is none."""
        found = self.query(expression)
        if len(found) > 1:
            raise Failure(f"{expression}: {found}")
        return found[0][1] if found else None

    def exemplars(self, selector, start, end):
        data = self._get("query_exemplars", query=selector, start=start, end=end)
        return [exemplar for series in data or [] for exemplar in series["exemplars"]]
