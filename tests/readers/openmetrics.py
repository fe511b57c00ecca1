# SPDX-License-Identifier: BSD-2-Clause
"""Reads OpenMetrics with Prometheus' own Python library, which is strict about them, and prints
the samples as JSON lines.

    openmetrics.py FILE
"""

import json
import sys

from prometheus_client.openmetrics.parser import text_fd_to_metric_families

with open(sys.argv[1], encoding="utf-8", newline="\n") as text:
    for family in text_fd_to_metric_families(text):
        for sample in family.samples:
            exemplar = sample.exemplar
            print(json.dumps({"family": family.name, "type": family.type, "unit": family.unit,
                              "name": sample.name, "labels": sample.labels,
                              "value": sample.value,
                              "exemplar": exemplar and {"value": exemplar.value,
                                                        "time": float(exemplar.timestamp),
                                                        **exemplar.labels}}))
