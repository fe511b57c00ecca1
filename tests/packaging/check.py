#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Checks what is shipped: check.py BUILD, after `make static deb`, as root.

Every test_* function is one check; each raises what is wrong.
"""

import json
import os
import re
import subprocess
import sys
import tempfile

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PACKAGING = os.path.join(TOP, "tools", "packaging")
BUILD = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else os.path.join(TOP, "build"))
ROOTS = os.path.join(BUILD, "packaging-roots")
STATIC = os.path.join(BUILD, "loopprof-static")

# A loop that blocks for 150 ms each half second, until it is killed.
TARGET = """
import asyncio, time

def blocks():
    time.sleep(0.15)

async def handler():
    print("ready", flush=True)
    while True:
        await asyncio.sleep(0.35)
        blocks()

asyncio.run(handler())
"""


class Wrong(Exception):
    pass


def run(*command, expect=0, limit_s=60, **options):
    """What a program prints, both streams; its status is checked."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          timeout=limit_s, check=False, **options)
    if done.returncode != expect:
        raise Wrong(f"{' '.join(command)}: status {done.returncode}: {done.stdout[-1500:]}")
    return done.stdout


def wanted(text, *words):
    for word in words:
        if word not in text:
            raise Wrong(f"has no {word!r}: {text[-1500:]}")


def inside(root, *command, **options):
    """Runs the static program behind a chroot that sees the host's processes and kernel."""
    script = ('for fs in proc sys; do mount --rbind /$fs "$0/$fs"; done; '
              'touch "$0/loopprof"; mount --bind "$1" "$0/loopprof"; root=$0; shift; '
              'exec chroot "$root" "$@"')
    return run("unshare", "--mount", "sh", "-ec", script, root, STATIC, *command, **options)


class Target:
    """The looping program, on the Python of a root or on the host's."""

    def __init__(self, root=None):
        enter = ["chroot", root] if root else []
        self.process = subprocess.Popen([*enter, "/usr/bin/python3", "-c", TARGET],
                                        stdout=subprocess.PIPE, text=True)
        self.process.stdout.readline()

    def __enter__(self):
        return self.process.pid

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


def profiled(root, pid):
    """The slow callbacks that the static program reports of a process."""
    lines = inside(root, "/loopprof", "-q", "-j", "-d", "3", "-p", str(pid)).splitlines()
    records = [json.loads(line) for line in lines if line.startswith("{")]
    return [record for record in records
            if record["type"] == "slow_callback" and not record["in_progress"]]


def check_root(name, target_root):
    root = os.path.join(ROOTS, name)
    wanted(inside(root, "/loopprof", "--version"), "loopprof ")
    inside(root, "/loopprof", "check")
    with Target(target_root) as pid:
        slow = profiled(root, pid)
    # the one that it came into the middle of counts from then on
    if slow and slow[0]["duration_ns"] < 140e6:
        slow.pop(0)
    if not slow:
        raise Wrong("no stall was found")
    for record in slow:
        if record["callback"]["name"] != "handler" or record["duration_ns"] < 140e6:
            raise Wrong(f"not the stall that was made: {record}")
        if record["blocked"][0]["stack"][0]["function"] != "blocks":
            raise Wrong(f"not the line that blocked: {record['blocked']}")


def test_the_static_program_needs_no_library():
    headers = run("readelf", "--wide", "--program-headers", STATIC)
    if "INTERP" in headers or "DYNAMIC" in headers:
        raise Wrong(headers)


def test_the_static_program_runs_on_bullseye():
    check_root("bullseye", os.path.join(ROOTS, "bullseye"))


def test_the_static_program_runs_on_trixie():
    check_root("trixie", os.path.join(ROOTS, "trixie"))


def test_the_static_program_runs_without_glibc():
    root = os.path.join(ROOTS, "musl")
    wanted(run("chroot", root, "/bin/hello"), "musl")
    check_root("musl", None)


def package():
    version = re.search(r'LP_VERSION "(.*)"', open(os.path.join(TOP, "user", "base", "version.h"),
                                                   encoding="utf-8").read()).group(1)
    return os.path.join(BUILD, f"loopprof_{version}_amd64.deb")


def test_the_package_is_as_debian_wants_it():
    run("lintian", "--fail-on", "error,warning", package(), env=dict(os.environ, LC_ALL="C"))
    wanted(run("dpkg-deb", "--contents", package()), "./usr/sbin/loopprof",
           "./lib/systemd/system/loopprof.service", "./usr/share/man/man8/loopprof.8.gz",
           "./etc/default/loopprof")


def test_the_package_is_the_same_each_time():
    first = open(package(), "rb").read()
    run("make", "-C", TOP, f"BUILD={BUILD}", "deb", limit_s=300)
    if open(package(), "rb").read() != first:
        raise Wrong("two builds of the same sources differ")


def test_the_service_is_fenced_in():
    unit = os.path.join(PACKAGING, "systemd", "loopprof.service")
    output = run("systemd-analyze", "security", "--offline=true", unit)
    exposure = float(re.search(r"exposure level for loopprof.service: ([0-9.]+)", output).group(1))
    if exposure > 3.0:
        raise Wrong(output)


def test_systemd_reads_the_service():
    with tempfile.TemporaryDirectory() as root:
        run("dpkg-deb", "--extract", package(), root)
        unit = os.path.join(root, "lib/systemd/system/loopprof.service")
        text = open(unit, encoding="utf-8").read().replace("/usr/sbin/loopprof",
                                                           root + "/usr/sbin/loopprof")
        with open(unit, "w", encoding="utf-8") as file:
            file.write(text)
        output = run("systemd-analyze", "verify", "--man=no", "--recursive-errors=no", unit)
        if output.strip():
            raise Wrong(output)


def test_the_options_of_service_and_daemonset_are_known():
    """Each is parsed to its end: only then is it said that the directory is not there."""
    text = open(os.path.join(PACKAGING, "systemd", "loopprof.default"), encoding="utf-8").read()
    options = re.search(r'LOOPPROF_OPTIONS="(.*)"', text).group(1).split()
    manifest = open(os.path.join(PACKAGING, "kubernetes", "loopprof.yaml"), encoding="utf-8").read()
    listed = re.search(r"args:\n((?: +- .*\n)+)", manifest).group(1)
    for arguments in (["record", *options], re.findall(r"- (\S+)", listed)):
        arguments = [word.replace("/var/lib/loopprof", "/nowhere/at/all") for word in arguments]
        wanted(run(STATIC, *arguments, expect=1), "/nowhere/at/all")


def test_kubernetes_takes_the_daemonset():
    """By the schema that the API server has; strict: an unknown field is an error."""
    environment = os.path.join(BUILD, "kubernetes-validate")
    tool = os.path.join(environment, "bin", "kubernetes-validate")
    if not os.path.exists(tool):
        run(sys.executable, "-m", "venv", environment)
        run(os.path.join(environment, "bin", "pip"), "install", "-q", "kubernetes-validate==1.31.0",
            limit_s=180)
    run(tool, "--strict", "-k", "1.31", os.path.join(PACKAGING, "kubernetes", "loopprof.yaml"))


def test_the_rules_say_what_they_should():
    folder = os.path.join(PACKAGING, "prometheus")
    run("promtool", "check", "rules", os.path.join(folder, "loopprof.rules.yml"))
    wanted(run("promtool", "test", "rules", "loopprof.rules.test.yml", cwd=folder), "SUCCESS")


def expressions():
    """Every query of the dashboard and of the rules."""
    board = json.load(open(os.path.join(PACKAGING, "grafana", "loopprof.json"), encoding="utf-8"))
    for panel in board["panels"]:
        for target in panel.get("targets", []):
            yield (target["expr"].replace("$__rate_interval", "5m").replace("$instance", ".*")
                   .replace("$loop", ".*").replace("$service", ".*"))


def test_the_dashboard_is_what_its_generator_writes():
    folder = os.path.join(PACKAGING, "grafana")
    made = run(os.path.join(folder, "dashboard.py"))
    if made != open(os.path.join(folder, "loopprof.json"), encoding="utf-8").read():
        raise Wrong("make it anew: dashboard.py > loopprof.json")


def test_the_queries_of_the_dashboard_are_valid():
    rules = {"groups": [{"name": "dashboard", "rules": [
        {"record": f"panel:{number}", "expr": expression}
        for number, expression in enumerate(expressions())]}]}
    with tempfile.NamedTemporaryFile("w", suffix=".yml") as file:
        json.dump(rules, file)
        file.flush()
        run("promtool", "check", "rules", file.name)


def test_dashboard_and_rules_name_only_metrics_that_there_are():
    rules = open(os.path.join(PACKAGING, "prometheus", "loopprof.rules.yml"), encoding="utf-8")
    named = set(re.findall(r"\bloopprof_[a-z_]+", " ".join(expressions()) + rules.read()))
    with tempfile.TemporaryDirectory() as directory, Target() as pid:
        path = os.path.join(directory, "x.prom")
        run(STATIC, "-q", "-p", str(pid), "-d", "2", "--budget", "1%", "--export", f"prom={path}")
        known = set(re.findall(r"^# TYPE (\S+)", open(path, encoding="utf-8").read(), re.M))
    # written once there is one
    known |= {"loopprof_findings_total"}
    for name in sorted(named):
        if re.sub(r"_(bucket|sum|count)$", "", name) not in known and name not in known:
            raise Wrong(f"there is no metric {name}")


def main():
    passed = failed = 0
    run(os.path.join(TOP, "tests", "packaging", "roots.sh"), ROOTS, limit_s=600)
    for name, test in list(globals().items()):
        if not name.startswith("test_"):
            continue
        try:
            test()
            passed += 1
            print(f"ok    {name[5:]}")
        except Exception as error:  # noqa: BLE001: whatever it is, the other checks go on
            failed += 1
            print(f"FAIL  {name[5:]}: {error!r}")
        sys.stdout.flush()
    print(f"{passed} passed, {failed} failed")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
