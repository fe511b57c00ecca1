"""Headless Chromium, controlled by its DevTools protocol over a pipe: no port is opened."""

import base64
import collections
import json
import os
import select
import shutil
import subprocess
import tempfile
import time

from .processes import Failure, wait_until

# Chromium reads commands from 3 and writes to 4; messages end with a zero byte.
FOR_IT, FROM_IT = 3, 4
LIMIT_S = 40
KEYS = {"Enter": 13, "Escape": 27, "Tab": 9, "ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39,
        "ArrowDown": 40, "Home": 36, "End": 35}


class Browser:
    """One page in a browser process that has a profile of its own."""

    def __init__(self, width=1280, height=800):
        self.directory = tempfile.mkdtemp(prefix="loopprof-browser-")
        to_it, self._write = os.pipe()
        self._read, from_it = os.pipe()
        command = [find_chromium(), "--headless=new", "--no-sandbox", "--disable-gpu",
                   "--remote-debugging-pipe", "--no-first-run", "--disable-dev-shm-usage",
                   "--disable-background-networking", "--disable-component-update",
                   f"--user-data-dir={self.directory}", f"--window-size={width},{height}",
                   "about:blank"]

        self.process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, close_fds=False, env={**os.environ, "TZ": "UTC"},
            preexec_fn=lambda: place_pipes(to_it, from_it))
        os.close(to_it)
        os.close(from_it)
        self.buffer = b""
        self.number = 0
        self.session = None
        self.events = collections.deque()
        self.errors = []
        self.requests = []
        target = self._page()
        self.session = self.call("Target.attachToTarget", targetId=target,
                                 flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")
        self.resize(width, height)

    def _page(self):
        def pages():
            return [target["targetId"] for target in self.call("Target.getTargets")["targetInfos"]
                    if target["type"] == "page"]

        return wait_until(pages, "the browser's first page", LIMIT_S)[0]

    # ---- the protocol -----------------------------------------------------------

    def _message(self, end):
        while b"\0" not in self.buffer:
            ready, _, _ = select.select([self._read], [], [], max(0, end - time.monotonic()))
            data = os.read(self._read, 1 << 20) if ready else b""
            if not data:
                raise Failure(f"the browser says nothing; status {self.process.poll()}")
            self.buffer += data
        text, _, self.buffer = self.buffer.partition(b"\0")
        return json.loads(text)

    def _note(self, message):
        method, what = message.get("method"), message.get("params", {})
        if method == "Network.requestWillBeSent":
            self.requests.append(what["request"]["url"])
        elif method == "Runtime.exceptionThrown":
            details = what["exceptionDetails"]
            self.errors.append(details.get("exception", {}).get("description", details["text"]))
        elif method == "Log.entryAdded" and what["entry"]["level"] in ("error", "warning"):
            self.errors.append(what["entry"]["text"])
        elif method == "Runtime.consoleAPICalled" and what["type"] in ("error", "warning"):
            self.errors.append(str(what["args"]))
        else:
            self.events.append(method)

    def call(self, method, **params):
        self.number += 1
        message = {"id": self.number, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        end = time.monotonic() + LIMIT_S
        while True:
            answer = self._message(end)
            if answer.get("id") != self.number:
                self._note(answer)
            elif "error" in answer:
                raise Failure(f"{method}: {answer['error']}")
            else:
                return answer["result"]

    # ---- actions of a user -------------------------------------------------------

    def open(self, path):
        """Opens a file.  Returns the seconds until it is drawn."""
        start = time.monotonic()
        self.call("Page.navigate", url=f"file://{path}")
        wait_until(lambda: self.evaluate("document.readyState === 'complete' && "
                                         "document.body.classList.contains('ready')"),
                   f"{path} is ready; {self.errors}", LIMIT_S)
        self.draw_all()
        return time.monotonic() - start

    def draw(self):
        """Waits until the browser has drawn the last changes."""
        self.evaluate("new Promise(done => requestAnimationFrame(() => "
                      "requestAnimationFrame(done)))")

    def draw_all(self):
        """The same, including what the page draws only after 200 ms without input."""
        self.evaluate("new Promise(done => setTimeout(done, 200))")
        self.draw()

    def evaluate(self, expression):
        result = self.call("Runtime.evaluate", expression=expression, awaitPromise=True,
                           returnByValue=True)
        if "exceptionDetails" in result:
            details = result["exceptionDetails"]
            raise Failure(f"{expression}: {details.get('exception', details)}")
        return result["result"].get("value")

    def text(self, selector):
        return self.evaluate(f"(document.querySelector({json.dumps(selector)}) || {{}}).innerText")

    def click_at(self, x, y):
        for kind in ("mouseMoved", "mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left",
                      clickCount=int(kind != "mouseMoved"))

    def drag(self, from_x, to_x, y):
        self.call("Input.dispatchMouseEvent", type="mousePressed", x=from_x, y=y, button="left",
                  clickCount=1)
        self.call("Input.dispatchMouseEvent", type="mouseMoved", x=to_x, y=y, button="left",
                  buttons=1)
        self.call("Input.dispatchMouseEvent", type="mouseReleased", x=to_x, y=y, button="left",
                  clickCount=1)
        self.draw_all()

    def box(self, selector):
        """Scrolls the element into view.  Returns its box in the window: x, y, width, height."""
        return self.evaluate(
            f"(() => {{ const element = document.querySelector({json.dumps(selector)});"
            "element.scrollIntoView({ block: 'center', behavior: 'instant' });"
            "const { x, y, width, height } = element.getBoundingClientRect();"
            "return { x, y, width, height }; })()")

    def click(self, selector):
        box = self.box(selector)
        self.click_at(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        self.draw()

    def press(self, key, modifiers=0):
        text = {"text": "\r"} if key == "Enter" else {"text": key} if len(key) == 1 else {}
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=key, modifiers=modifiers,
                      windowsVirtualKeyCode=KEYS.get(key, 0), **(text if kind == "keyDown" else {}))
        self.draw()

    def focused(self):
        return self.evaluate("document.activeElement.id")

    # ---- appearance -------------------------------------------------------------

    def prefer(self, scheme):
        """scheme: the system's colour scheme, "light" or "dark"."""
        self.call("Emulation.setEmulatedMedia",
                  features=[{"name": "prefers-color-scheme", "value": scheme}])
        self.draw_all()

    def resize(self, width, height):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height,
                  deviceScaleFactor=1, mobile=False)

    def screenshot(self, path, whole=False):
        result = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        with open(path, "wb") as file:
            file.write(base64.b64decode(result["data"]))

    def pdf(self, path):
        with open(path, "wb") as file:
            file.write(base64.b64decode(self.call("Page.printToPDF",
                                                  printBackground=True)["data"]))

    def kill(self):
        self.process.kill()
        self.process.wait()
        os.close(self._read)
        os.close(self._write)
        shutil.rmtree(self.directory, ignore_errors=True)


def place_pipes(to_it, from_it):
    """Runs in the child: moves both ends of the pipes to the descriptors that Chromium uses."""
    pipes = [os.dup(to_it), os.dup(from_it)]
    os.dup2(pipes[0], FOR_IT)
    os.dup2(pipes[1], FROM_IT)


def find_chromium():
    path = shutil.which("chromium")
    if not path:
        raise Failure("there is no chromium: tools/packages.sh test installs it")
    return path
