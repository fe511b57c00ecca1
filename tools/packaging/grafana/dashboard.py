#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Writes loopprof.json, the Grafana dashboard: dashboard.py > loopprof.json.

Panels are rows of a table here; Grafana's file repeats the same fields for each of them.
"""

import json

LABELS = 'instance=~"$instance", loop=~"$loop", service=~"$service"'
BY = "instance, loop, service, unit, container, pod"
NAME = "{{service}} {{unit}}{{pod}} {{instance}}"


def rate(metric, labels=LABELS):
    return f"rate({metric}{{{labels}}}[$__rate_interval])"


def lag(quantile):
    return (f"histogram_quantile({quantile}, sum by (le, {BY}) "
            f"({rate('loopprof_loop_iteration_seconds_bucket')}))")


def callbacks(quantile):
    return (f"topk(20, histogram_quantile({quantile}, sum by (le, callback, file, service) "
            f"({rate('loopprof_callback_run_seconds_bucket')})))")


BUSY = rate("loopprof_loop_busy_seconds_total")
IDLE = rate("loopprof_loop_idle_seconds_total")
LOST = rate("loopprof_loop_lost_seconds_total")
RUN = rate("loopprof_callback_run_seconds_sum")

# (row title, [(title, description, type, unit, width, [(expression, legend), ...]), ...])
ROWS = [
    ("Is a loop in trouble?", [
        ("An event waits for its loop", "99th percentile of the busy time of an iteration.",
         "timeseries", "s", 12, [(lag(0.99), NAME)]),
        ("Utilisation", "Busy time of a loop; near 1 its queue only grows.",
         "timeseries", "percentunit", 12, [(f"{BUSY} / ({BUSY} + {IDLE})", NAME)]),
        ("Slow callbacks a minute", "Callbacks that ran for the threshold or longer.",
         "timeseries", "short", 12,
         [(f"60 * {rate('loopprof_loop_slow_callbacks_total')}", NAME)]),
        ("Where loop time is lost", "By cause; on_cpu and gc are those of late callbacks.",
         "timeseries", "percentunit", 12, [(f"sum by (cause) ({LOST})", "{{cause}}")]),
        ("Lag of all loops", "How many iterations took how long.", "heatmap", "s", 24,
         [(f"sum by (le) ({rate('loopprof_loop_iteration_seconds_bucket')})", "{{le}}")]),
    ]),
    ("Which callback?", [
        ("Time by callback", "Share of a CPU that each holds its loop.", "timeseries",
         "percentunit", 12,
         [(f"topk(20, sum by (callback, file, service) ({RUN}))", "{{callback}} {{file}}")]),
        ("Callbacks, 99th percentile", "Of the time that they were timed, see below.",
         "timeseries", "s", 12, [(callbacks(0.99), "{{callback}} {{file}}")]),
        ("Iterations a second", "", "timeseries", "short", 12,
         [(rate("loopprof_loop_iterations_total"), NAME)]),
        ("What got lost", "Coroutines, tasks and exceptions, by kind.", "timeseries", "short", 12,
         [(f"increase(loopprof_findings_total{{{LABELS}}}[1h])", "{{service}} {{kind}}")]),
    ]),
    ("What does loopprof itself cost?", [
        ("Own CPU and budget", "Share of a CPU.", "timeseries", "percentunit", 8,
         [(rate("loopprof_self_cpu_seconds_total", 'instance=~"$instance"'), "own {{instance}}"),
          (rate("loopprof_self_probe_cost_seconds_total", 'instance=~"$instance"'),
           "targets pay {{instance}}"),
          ('loopprof_self_budget_ratio{instance=~"$instance"}', "budget {{instance}}")]),
        ("Callbacks are timed", "Share of the time of which the callbacks' histograms are.",
         "timeseries", "percentunit", 8,
         [(f"{rate('loopprof_loop_traced_seconds_total')} / "
           f"{rate('loopprof_loop_watched_seconds_total')}", NAME)]),
        ("Memory", "", "timeseries", "bytes", 8,
         [('loopprof_self_resident_bytes{instance=~"$instance"}', "own {{instance}}"),
          ('loopprof_self_map_bytes{instance=~"$instance"}', "BPF maps {{instance}}")]),
        ("Lost events", "Should be none.", "timeseries", "short", 12,
         [('increase(loopprof_lost_total{instance=~"$instance"}[1h])', "{{kind}} {{instance}}")]),
        ("Loops and processes", "", "timeseries", "short", 12,
         [('loopprof_self_loops{instance=~"$instance"}', "loops {{instance}}"),
          ('loopprof_self_targets{instance=~"$instance"}', "processes {{instance}}")]),
    ]),
]

SOURCE = {"type": "prometheus", "uid": "${datasource}"}


def panel(number, at, row):
    title, text, kind, unit, width, queries = row
    shown = {
        "id": number, "title": title, "description": text, "type": kind, "datasource": SOURCE,
        "gridPos": {"h": 8, "w": width, "x": at[0], "y": at[1]},
        "targets": [{"refId": chr(ord("A") + i), "expr": expression, "legendFormat": legend,
                     "datasource": SOURCE,
                     **({"format": "heatmap"} if kind == "heatmap" else {})}
                    for i, (expression, legend) in enumerate(queries)],
    }
    if kind == "heatmap":
        shown["options"] = {"calculate": False, "yAxis": {"unit": unit},
                            "color": {"mode": "scheme", "scheme": "Viridis", "steps": 64}}
    else:
        shown["fieldConfig"] = {"defaults": {"unit": unit, "min": 0,
                                             "custom": {"fillOpacity": 10, "lineWidth": 1}},
                                "overrides": []}
        shown["options"] = {"legend": {"displayMode": "table", "placement": "bottom",
                                       "calcs": ["lastNotNull", "max"]},
                            "tooltip": {"mode": "multi", "sort": "desc"}}
    return shown


def panels():
    number, y = 1, 0
    for title, rows in ROWS:
        yield {"id": number, "type": "row", "title": title, "collapsed": False, "panels": [],
               "gridPos": {"h": 1, "w": 24, "x": 0, "y": y}}
        number, y, x = number + 1, y + 1, 0
        for row in rows:
            if x + row[4] > 24:
                x, y = 0, y + 8
            yield panel(number, (x, y), row)
            number, x = number + 1, x + row[4]
        y += 8


def variable(name, label):
    query = f"label_values(loopprof_loop_busy_seconds_total, {label})"
    return {"name": name, "label": name, "type": "query", "datasource": SOURCE, "query": query,
            "definition": query, "multi": True, "includeAll": True, "allValue": ".*",
            "refresh": 2, "sort": 1, "current": {"text": "All", "value": "$__all"}}


print(json.dumps({
    "title": "Event loops (loopprof)", "uid": "loopprof", "tags": ["loopprof", "asyncio"],
    "schemaVersion": 39, "version": 1, "editable": True, "refresh": "30s",
    "time": {"from": "now-3h", "to": "now"}, "graphTooltip": 1,
    "templating": {"list": [
        {"name": "datasource", "label": "datasource", "type": "datasource",
         "query": "prometheus", "current": {}},
        variable("instance", "instance"), variable("loop", "loop"),
        variable("service", "service")]},
    "annotations": {"list": []}, "links": [], "panels": list(panels()),
}, indent=1))
