# SPDX-License-Identifier: BSD-2-Clause
"""Reads OTLP JSON lines by the protobuf schema, and prints their points as plain JSON lines.

    otlp.py FILE
"""

import json
import sys

from google.protobuf import json_format
from opentelemetry.proto.metrics.v1.metrics_pb2 import MetricsData


def texts(attributes):
    return {attribute.key: attribute.value.string_value for attribute in attributes}


def histogram(point):
    return {"count": point.count, "sum": point.sum, "scale": point.scale,
            "zero_count": point.zero_count, "zero_threshold": point.zero_threshold,
            "offset": point.positive.offset, "buckets": list(point.positive.bucket_counts),
            "min": point.min, "max": point.max,
            "exemplars": [{"value": exemplar.as_double, "time": exemplar.time_unix_nano,
                           **texts(exemplar.filtered_attributes)}
                          for exemplar in point.exemplars]}


def points(number, line):
    # Fields that the schema does not know are an error.
    for resource in json_format.Parse(line, MetricsData()).resource_metrics:
        for scope in resource.scope_metrics:
            for metric in scope.metrics:
                kind = metric.WhichOneof("data")
                data = getattr(metric, kind)
                for point in data.data_points:
                    yield {"line": number, "resource": texts(resource.resource.attributes),
                           "name": metric.name, "unit": metric.unit, "kind": kind,
                           "temporality": getattr(data, "aggregation_temporality", None),
                           "monotonic": getattr(data, "is_monotonic", None),
                           "labels": texts(point.attributes),
                           "start": point.start_time_unix_nano, "time": point.time_unix_nano,
                           **(histogram(point) if kind == "exponential_histogram" else
                              {"value": getattr(point, point.WhichOneof("value"))})}


with open(sys.argv[1], encoding="utf-8") as lines:
    for count, text in enumerate(lines, 1):
        for found in points(count, text):
            print(json.dumps(found))
