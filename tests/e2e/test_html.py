"""The HTML page in headless Chromium, which opens, clicks, types and reads."""

import os
import re
import subprocess

from lib.browser import Browser
from lib.checks import verify
from lib.processes import Failure

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
GOLDEN = os.path.join(ROOT, "tests", "golden")
MANY = 100_000
MOST_BYTES = 12 << 20
MOST_CPU_S = 12  # of the page's process, on a machine that others use; 1.4 s were measured
# The first place on the time line where a click opens a stall, and its tooltip.
FIRST_STALL = """(() => {
    const canvas = document.getElementById('timeline');
    canvas.scrollIntoView({ block: 'center', behavior: 'instant' });
    const box = canvas.getBoundingClientRect();
    for (let x = box.left + 70; x < box.right - 14; x += 4)
        for (let y = box.top + 10; y < box.bottom - 26; y += 4) {
            canvas.dispatchEvent(new PointerEvent('pointermove', { clientX: x, clientY: y }));
            if (canvas.style.cursor === 'pointer')
                return { x, y, text: document.getElementById('tooltip').innerText };
        }
    return null;
})()"""
CONTRAST = """((over, under) => {
    const style = getComputedStyle(document.documentElement);
    const light = name => {
        const number = parseInt(style.getPropertyValue(name).trim().slice(1), 16);
        const [r, g, b] = [number >> 16, number >> 8 & 255, number & 255].map(value => value / 255)
            .map(value => value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const [one, other] = [light(over), light(under)].sort((a, b) => b - a);
    return (one + 0.05) / (other + 0.05);
})"""


def page_of(case, name):
    """The page of a golden capture, and the records of that capture."""
    capture, page = os.path.join(GOLDEN, f"{name}.lpc"), case.path("page.html")
    case.run("export", "-f", "html", "-o", page, capture).expect(0)
    return page, case.run("report", "-q", "-j", capture).expect(0).records


def open_page(case, page, **window):
    browser = case.own(Browser(**window))
    took_s = browser.open(page)
    return browser, took_s


def alone(browser, page):
    """Complaints if the page logged errors or requested anything except itself."""
    return [f"the page complains: {error}" for error in browser.errors] + \
        [f"the page asked for {url}" for url in browser.requests if url != f"file://{page}"]


def duration(ns):
    """The duration as units.js formats it."""
    for unit, name in ((1e9, "s"), (1e6, "ms"), (1e3, "\u00b5s")):
        if ns >= unit * 0.9995:
            value = ns / unit
            digits = 0 if value >= 99.95 else 1 if value >= 9.995 else 2
            return f"{value:.{digits}f} {name}"
    return f"{ns} ns"


def title_of(record):
    """The title of a stall's record in the page, in which times are whole microseconds."""
    lasted = duration(record["duration_ns"] // 1000 * 1000)
    if record["type"] == "slow_callback":
        return f"{lasted}  {record['callback']['name']}"
    return f"{lasted}  {record['callbacks']} callbacks in one iteration"


def stalls_of(records):
    """Stalls by start, each in its last state, as one may have been reported in progress before."""
    last = {(record["type"], record["start_ns"]): record
            for record in records.of("slow_callback") + records.of("slow_iteration")}
    return sorted(last.values(), key=lambda record: record["start_ns"])


def expect_text(browser, selector, *wanted):
    text = browser.text(selector) or ""
    return [f"{selector} has no {word!r}: {text[:400]!r}" for word in wanted if word not in text]


def test_click_on_a_stall_opens_its_record(case):
    page, records = page_of(case, "causes")
    browser, _ = open_page(case, page)
    wrong = expect_text(browser, "#subtitle", "trace mode", "slow from 20 ms")
    wrong += expect_text(browser, "#coverage", "full counts", "Nothing was lost")
    wrong += expect_text(browser, "#causes-legend", "on CPU (4)", "blocked (13)")
    place = browser.evaluate(FIRST_STALL)
    if not place:
        raise Failure("no place on the time line is a stall")
    browser.click_at(place["x"], place["y"])
    browser.draw_all()
    title = browser.text("#record-title")
    if not browser.evaluate("document.getElementById('record').open"):
        raise Failure("a click on a stall opens no record")
    if title.split() != place["text"].split()[:len(title.split())] or title not in [title_of(one) for one in stalls_of(records)]:
        wrong.append(f"the record is {title!r}, the tooltip was {place['text']!r}")
    first = stalls_of(records)[0]
    for _ in stalls_of(records):
        browser.press("ArrowLeft")
    wrong += expect_text(browser, "#record-body", first["callback"]["file"], "'sleeper'",
                         "clock_nanosleep", "held up", "began")
    verify(wrong, alone(browser, page))


def test_everything_by_keyboard(case):
    page, records = page_of(case, "causes")
    browser, _ = open_page(case, page)
    wrong, stalls = [], stalls_of(records)
    for _ in range(40):
        browser.press("Tab")
        if browser.focused() == "timeline":
            break
    else:
        raise Failure("Tab does not lead to the time line")
    browser.press("Home")
    browser.press("ArrowRight")
    wrong += expect_text(browser, "#timeline-status", title_of(stalls[1]).split("  ")[0])
    browser.press("Enter")
    for stall in stalls[1:4]:
        if browser.text("#record-title") != title_of(stall):
            wrong.append(f"{browser.text('#record-title')!r}, expected {title_of(stall)!r}")
        browser.press("ArrowRight")
    browser.press("Escape")
    if browser.evaluate("document.getElementById('record').open"):
        wrong.append("Escape does not close the record")
    if browser.focused() != "timeline":
        wrong.append(f"then the focus is at {browser.focused()!r}, not where it was")
    whole = browser.text("#range")
    browser.press("+")
    if browser.text("#range") == whole:
        wrong.append("+ does not zoom")
    browser.press("0")
    if browser.text("#range") != whole:
        wrong.append("0 does not show the whole range")
    # the flame graph is drawn again for another span of time
    browser.draw_all()
    browser.evaluate("document.querySelector('#flame [tabindex=\"0\"]').focus()")
    browser.press("ArrowDown")
    browser.press("ArrowDown")
    wrong += expect_text(browser, "#flame-status", "receiving")
    browser.press("Enter")
    if browser.evaluate("document.getElementById('flame-reset').hidden"):
        wrong.append("Enter does not zoom into a box of the flame graph")
    verify(wrong, alone(browser, page))


def test_tables_sort(case):
    page, records = page_of(case, "causes")
    browser, _ = open_page(case, page)
    wrong, first = [], "#stalls .table-body .table-row"
    head = "#stalls .table-head > :nth-child(2)"
    longest = max(stalls_of(records), key=lambda stall: stall["duration_ns"])
    shortest = min(stalls_of(records), key=lambda stall: stall["duration_ns"])
    for stall, order in ((longest, "descending"), (shortest, "ascending")):
        wrong += expect_text(browser, first, duration(stall["duration_ns"] // 1000 * 1000))
        if browser.evaluate(f"document.querySelector('{head}').ariaSort") != order:
            wrong.append(f"{head} does not say that it is {order}")
        browser.click(f"{head} button")
    browser.click("#callbacks .table-head > :nth-child(1) button")
    wrong += expect_text(browser, "#callbacks .table-body .table-row", "_set_result_unless_cancelled")
    browser.click("#callbacks .table-body .table-row:nth-child(2)")
    wrong += expect_text(browser, "#record-body", "p99", "Run time", "defined at")
    verify(wrong, alone(browser, page))


def test_light_dark_and_narrow(case):
    page, _ = page_of(case, "causes")
    browser, _ = open_page(case, page)
    grounds, wrong = {}, []
    for scheme in ("light", "dark"):
        browser.prefer(scheme)
        grounds[scheme] = browser.evaluate("getComputedStyle(document.body).backgroundColor")
        for text, under in (("--text", "--panel"), ("--muted", "--panel"), ("--muted", "--ground"),
                            ("--warning", "--panel")):
            ratio = browser.evaluate(f"{CONTRAST}('{text}', '{under}')")
            if ratio < 4.5:
                wrong.append(f"{scheme}: {text} on {under} has a contrast of {ratio:.1f}")
    browser.click("#theme")
    if browser.evaluate("getComputedStyle(document.body).backgroundColor") != grounds["light"]:
        wrong.append("the button does not make it light where the system is dark")
    if grounds["light"] == grounds["dark"]:
        wrong.append("light and dark are the same")
    browser.resize(360, 700)
    browser.draw_all()
    if browser.evaluate("document.documentElement.scrollWidth") > 360:
        wrong.append("a narrow window has to be scrolled sideways")
    printed = case.path("printed.pdf")
    browser.pdf(printed)
    if os.path.getsize(printed) < 20_000:
        wrong.append("there is next to nothing on paper")
    verify(wrong, alone(browser, page))


def test_findings_are_explained(case):
    page, records = page_of(case, "findings")
    browser, _ = open_page(case, page)
    rows = browser.evaluate("document.querySelectorAll('#findings .table-body .table-row').length")
    wrong = []
    if rows != len(records.final("lost_summary")):
        wrong.append(f"{rows} rows, {len(records.final('lost_summary'))} places")
    browser.click("#findings .table-body .table-row")
    wrong += expect_text(browser, "#record-body", "neither awaited nor", "handle_request", "What to do")
    verify(wrong, alone(browser, page))


def test_a_live_run_with_markup_for_names(case):
    target = case.start("markup.py")
    page = case.path("live.html")
    profiler = case.profile("-p", str(target.pid), "-t", "50ms", "-o", page)
    profiler.wait_for_text("Ctrl-C ends")
    target.go()
    target.finish()
    profiler.finish().expect(0)
    browser, _ = open_page(case, page)
    wrong = [] if browser.evaluate("document.title").startswith("loopprof") else ["a name ran"]
    if browser.evaluate("document.querySelectorAll('img').length"):
        wrong.append("a name became an element")
    browser.click("#stalls .table-body .table-row")
    wrong += expect_text(browser, "#record-body", "</script><script>document.title=1</script>")
    wrong += expect_text(browser, "#record-title", "<img src=x onerror=document.title=2>")
    verify(wrong, alone(browser, page))


def make_many(case):
    """A capture with many stalls, made by a generator that is compiled first."""
    generator, capture = case.path("many"), case.path("many.lpc")
    subprocess.run(["cc", "-O2", "-std=gnu11", "-D_GNU_SOURCE", f"-I{ROOT}/user", "-o", generator,
                    os.path.join(GOLDEN, "many.c"), "-lm"], check=True)
    subprocess.run([generator, capture, str(MANY)], check=True)
    return capture


def cpu_s(browser):
    metrics = browser.call("Performance.getMetrics")["metrics"]
    return next(one["value"] for one in metrics if one["name"] == "ProcessTime")


def test_100000_stalls(case):
    capture, page = make_many(case), case.path("many.html")
    case.run("export", "-f", "html", "-o", page, capture).expect(0)
    size = os.path.getsize(page)
    browser = case.own(Browser())
    browser.call("Performance.enable")
    before_s = cpu_s(browser)
    took_s = browser.open(page)
    busy_s = cpu_s(browser) - before_s
    case.note(f"{size / 1e6:.1f} MB; open after {took_s:.1f} s, {busy_s:.1f} s of CPU time in the "
              f"page; load of the machine {os.getloadavg()[0]:.0f}")
    wrong = expect_text(browser, "#figures", "100,000")
    if size > MOST_BYTES:
        wrong.append(f"the page has {size} bytes")
    if busy_s > MOST_CPU_S:
        wrong.append(f"it took {busy_s} s of CPU time to open")
    rows = browser.evaluate("document.querySelectorAll('#stalls .table-row').length")
    if rows > 100:
        wrong.append(f"the table has elements for {rows} rows")
    browser.evaluate("document.querySelector('#stalls .table').focus()")
    browser.press("End")
    wrong += expect_text(browser, "#stalls .active", "20.1 ms")
    browser.press("Enter")
    wrong += expect_text(browser, "#record-body", "the whole record of the 20,000 worst stalls")
    browser.press("Escape")
    box = browser.box("#timeline")
    browser.drag(box["x"] + 400, box["x"] + 420, box["y"] + 100)
    some = int(re.sub(r"\D", "", browser.text("#stalls-note").split(" ")[0]))
    if not 500 < some < 5000:
        wrong.append(f"{some} stalls in a fiftieth of an hour")
    browser.click("#loops .table-body .table-row:nth-child(2)")
    wrong += expect_text(browser, "#figures", "25,000")
    verify(wrong, alone(browser, page))
