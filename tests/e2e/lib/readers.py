"""Programs by which others read the exported formats, and what these programs read."""

import functools
import json
import os
import shutil
import subprocess

from .processes import Failure

TESTS = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
READERS = os.path.join(os.path.dirname(TESTS), "build", "export-readers")

# speedscope is built into one file for browsers; the importer runs before that step.
SPEEDSCOPE = r"""
const fs = require('fs'), vm = require('vm');
const [file, path] = process.argv.slice(1);
let code = fs.readFileSync(file, 'utf8');
const name = /loadFileFromBase64:.*?this\.loadProfile\(\(\)=>(\w+)\(/.exec(code)[1];
code = code.replace('(()=>{', `(()=>{globalThis.importer=(...given)=>${name}(...given);`);
const nothing = () => new Proxy(function () {}, {
  get: (of, key) => key === Symbol.toPrimitive ? () => '' : key === 'then' ? undefined : nothing(),
  set: () => true, apply: () => nothing(), construct: () => nothing()});
const page = {
  // the last thing before the page is built is a line to the log
  console: {log() { throw new Error('far enough'); }, warn() {}, error() {}},
  TextDecoder, TextEncoder, URLSearchParams, URL, setTimeout, clearTimeout, atob, btoa,
  performance, WebAssembly, document: nothing(), navigator: {userAgent: '', platform: ''},
  location: {hash: '', protocol: 'file:', pathname: '/'}, localStorage: nothing(),
  matchMedia: nothing(), addEventListener() {}, HTMLElement: class {}, FontFace: nothing()};
page.window = page.self = page.globalThis = page;
try { vm.runInContext(code, vm.createContext(page)); } catch (error) {
  if (!page.importer) throw error;
}
page.console.log = () => {};
page.importer(path.split('/').pop(), fs.readFileSync(path).toString('base64')).then(group => {
  const profiles = group.profiles.map(profile => {
    const frames = [], calls = [];
    profile.forEachFrame(frame => frames.push({name: frame.name, file: frame.file || '',
      line: frame.line || 0, self: frame.getSelfWeight(), total: frame.getTotalWeight()}));
    profile.forEachCall((node, at) => calls.push(['open', node.frame.name, at]),
                        (node, at) => calls.push(['close', node.frame.name, at]));
    return {name: profile.getName(), unit: profile.getWeightUnit(),
            total: profile.getTotalWeight(), frames, calls};
  });
  process.stdout.write(JSON.stringify({name: group.name, profiles}));
}).catch(error => { console.error(error); process.exit(1); });
"""

HDR = r"""
import json, sys
from hdrh.histogram import HdrHistogram
from hdrh.log import HistogramLogReader
reader = HistogramLogReader(sys.argv[1], HdrHistogram(1, 3600 * 10**9, 3))
found = []
while True:
    histogram = reader.get_next_interval_histogram()
    if histogram is None:
        break
    found.append({"tag": histogram.get_tag(), "count": histogram.get_total_count(),
                  "min": histogram.get_min_value(), "max": histogram.get_max_value(),
                  "mean": histogram.get_mean_value(),
                  "start_ms": histogram.get_start_time_stamp(),
                  "end_ms": histogram.get_end_time_stamp(),
                  "quantiles": {share: histogram.get_value_at_percentile(share)
                                for share in (50, 90, 99)}})
print(json.dumps(found))
"""

PERFETTO = r"""
import json, sys
from google.protobuf.json_format import MessageToDict
from perfetto.protos.perfetto.trace.perfetto_trace_pb2 import Trace
trace = Trace()
with open(sys.argv[1], "rb") as file:
    trace.ParseFromString(file.read())
def unknown(message):
    from google.protobuf.unknown_fields import UnknownFieldSet
    if len(UnknownFieldSet(message)):
        raise SystemExit(f"unknown fields in {message.DESCRIPTOR.full_name}")
    for field, value in message.ListFields():
        if field.type == field.TYPE_MESSAGE:
            for inner in value if hasattr(value, "append") else [value]:
                unknown(inner)
unknown(trace)
print(json.dumps([MessageToDict(packet, preserving_proto_field_name=True)
                  for packet in trace.packet]))
"""


@functools.cache
def readers():
    """The directory of the readers, which are downloaded if necessary."""
    made = subprocess.run([os.path.join(TESTS, "readers.sh"), READERS], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if made.returncode != 0:
        raise Failure(f"the readers could not be got: {made.stdout}")
    return READERS


def _run(command):
    read = subprocess.run(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          timeout=120, check=False)
    if read.returncode != 0:
        raise Failure(f"{command[0]}: {(read.stderr or read.stdout)[-800:]}")
    return read.stdout


def _python(code, path):
    return json.loads(_run([os.path.join(readers(), "python", "bin", "python"), "-c", code, path]))


def speedscope(path):
    """The profiles that speedscope imports, with their frames and calls."""
    release = os.path.join(readers(), "node_modules", "speedscope", "dist", "release")
    script, = (name for name in os.listdir(release)
               if name.startswith("speedscope-") and name.endswith(".js"))
    return json.loads(_run(["node", "-e", SPEEDSCOPE, os.path.join(release, script), path]))


def hdr(path):
    """The interval histograms that HdrHistogram's log reader returns."""
    return _python(HDR, path)


def perfetto(path):
    """The packets of a trace, parsed by Perfetto's own definitions; unknown fields are failures."""
    return _python(PERFETTO, path)


def pprof(*arguments):
    go = shutil.which("go") or "/usr/local/go/bin/go"
    return _run([go, "tool", "pprof", *arguments])
