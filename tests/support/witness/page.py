"""What a person does with a report in Chromium, and what is then to be seen: one JSON object.

    page.py PAGE NAMESPACE

Chromium is driven over its pipe (--remote-debugging-pipe), with clicks and keys as a mouse and a keyboard
make them. PAGE is the report; NAMESPACE is one of those in it.
"""

import fcntl
import json
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

ROWS = "document.querySelectorAll('#{} tbody tr').length"
TITLE = "document.getElementById('{}-title').textContent"
BACKGROUND = "getComputedStyle(document.body).backgroundColor"


class Chromium:
    """A headless browser with one page."""

    def __init__(self, profile):
        # Above 4, which the browser reads from (3) and writes to (4).
        def pipe():
            return [fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in os.pipe()]

        commands, events = pipe(), pipe()

        def ends():
            os.dup2(commands[0], 3)
            os.dup2(events[1], 4)

        words = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        words += ["--no-first-run", "--remote-debugging-pipe", f"--user-data-dir={profile}"]
        self.process = subprocess.Popen(
            ["chromium", *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            preexec_fn=ends,
            close_fds=False,
            start_new_session=True,
        )
        os.close(commands[0])
        os.close(events[1])
        self.commands, self.events = commands[1], os.fdopen(events[0], "rb", buffering=0)
        self.rest, self.number, self.session, self.heard = b"", 0, None, []
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ["Page", "Runtime", "Log", "Network"]:
            self.ask(f"{domain}.enable")

    def read(self):
        while b"\0" not in self.rest:
            more = os.read(self.events.fileno(), 1 << 20)
            if not more:
                raise SystemExit("Chromium has ended")
            self.rest += more
        message, self.rest = self.rest.split(b"\0", 1)
        return json.loads(message)

    def ask(self, method, **params):
        self.number += 1
        message = {"id": self.number, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        text = json.dumps(message).encode() + b"\0"
        while text:
            text = text[os.write(self.commands, text) :]
        while True:
            answer = self.read()
            if answer.get("id") == self.number:
                if "error" in answer:
                    raise SystemExit(f"{method}: {answer['error']}")
                return answer["result"]
            self.heard.append(answer)

    def open(self, path):
        self.ask("Page.navigate", url=Path(path).resolve().as_uri())
        while not any(event.get("method") == "Page.loadEventFired" for event in self.heard):
            self.heard.append(self.read())

    def see(self, expression):
        result = self.ask(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        if "exceptionDetails" in result:
            raise SystemExit(f"{expression}: {result['exceptionDetails']}")
        return result["result"].get("value")

    def click(self, selector):
        # Rows that are made as they come into sight push others away: it has to stand still.
        place = self.see(
            """(async (selector) => {
                const frame = () => new Promise((done) => requestAnimationFrame(done));
                const middle = () => {
                    const it = document.querySelector(selector);
                    it.scrollIntoView({ block: "center" });
                    const box = it.getBoundingClientRect();
                    return [box.x + box.width / 2, box.y + box.height / 2];
                };
                let before = middle();
                for (let still = 0; still < 5; ) {
                    await frame();
                    const now = middle();
                    still = String(now) === String(before) ? still + 1 : 0;
                    before = now;
                }
                return before;
            })(SELECTOR)""".replace("SELECTOR", json.dumps(selector))
        )
        for kind in ["mousePressed", "mouseReleased"]:
            self.ask(
                "Input.dispatchMouseEvent",
                type=kind,
                x=place[0],
                y=place[1],
                button="left",
                clickCount=1,
            )

    def press(self, key, text=None):
        codes = {"Enter": 13, "Escape": 27, "Tab": 9, "ArrowDown": 40, "ArrowUp": 38, "End": 35}
        typed = {"text": text} if text else {}
        code = codes.get(key, 0)
        down = {"key": key, "windowsVirtualKeyCode": code, **typed}
        self.ask("Input.dispatchKeyEvent", type="keyDown" if text else "rawKeyDown", **down)
        self.ask("Input.dispatchKeyEvent", type="keyUp", key=key, windowsVirtualKeyCode=code)

    def media(self, media="", scheme="light"):
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.ask("Emulation.setEmulatedMedia", media=media, features=features)

    def close(self):
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def walk(browser, page, namespace):
    told = {}
    browser.media()
    browser.open(page)
    told["opened"] = browser.see("performance.getEntriesByType('navigation')[0].loadEventEnd")
    told["title"] = {name: browser.see(TITLE.format(name)) for name in ["findings", "certificates"]}
    told["drawn"] = browser.see(ROWS.format("certificates"))
    told["bars"] = browser.see("document.querySelectorAll('#timeline button:enabled').length")

    # A filter is clicked, and clicked again.
    browser.click("input[name=severity][value=warning]")
    told["without warnings"] = {
        "rows": browser.see("document.querySelectorAll('#findings td.warning').length"),
        "title": browser.see(TITLE.format("findings")),
    }
    browser.click("input[name=severity][value=warning]")
    told["with warnings"] = browser.see(TITLE.format("findings"))
    browser.click("#timeline button:enabled")
    told["of a month"] = browser.see(TITLE.format("certificates"))
    browser.click("#timeline button[aria-pressed=true]")
    told["of all months"] = browser.see(TITLE.format("certificates"))
    told["first by name"] = []
    for _ in range(2):
        browser.click("#certificates th[data-column=Object] button")
        first = "document.querySelector('#certificates tbody tr td:nth-child(3)').textContent"
        told["first by name"].append(browser.see(first))

    # Only keys from here on.
    browser.see("document.activeElement.blur()")
    browser.press("/", "/")
    told["searching"] = browser.see("document.activeElement.id")
    browser.ask("Input.insertText", text=namespace)
    told["found"] = {
        "text": browser.see("document.getElementById('text').value"),
        "title": browser.see(TITLE.format("certificates")),
    }
    for _ in range(40):
        browser.press("Tab")
        if browser.see("document.activeElement.matches('#findings tbody tr')"):
            break
    told["tabbed to"] = browser.see("document.activeElement.sectionRowIndex")
    browser.press("ArrowDown")
    told["down"] = browser.see("document.activeElement.sectionRowIndex")
    browser.press("ArrowUp")
    told["up"] = browser.see("document.activeElement.sectionRowIndex")
    about = browser.see("document.activeElement.dataset.about")
    browser.press("Enter", "\r")
    told["only one object"] = browser.see(
        "[...document.querySelectorAll('#findings tbody tr')].every(row =>"
        f" row.dataset.about === {json.dumps(about)})"
    )
    browser.press("Escape")
    told["cleared"] = browser.see(TITLE.format("certificates"))

    # Colours: as the system has them, and as is asked for.
    told["light"] = browser.see(BACKGROUND)
    browser.media(scheme="dark")
    told["dark"] = browser.see(BACKGROUND)
    browser.media()
    browser.click("#theme")
    told["asked for dark"] = browser.see(BACKGROUND)

    # On paper: all that is chosen, in light colours, without what is to be clicked.
    browser.media("print", "dark")
    told["paper"] = browser.see(BACKGROUND)
    told["filters on paper"] = browser.see("getComputedStyle(document.forms[0]).display")
    browser.media()
    # Ten thousand rows are hundreds of pages, which nobody waits for here.
    if browser.see("JSON.parse(document.getElementById('data').textContent).certificates.length") < 1000:
        told["printed"] = browser.ask("Page.printToPDF")["data"][:6]
        told["rows printed"] = browser.see(ROWS.format("certificates"))

    events = browser.heard
    requests = [one["params"]["request"]["url"] for one in events if one.get("method") == "Network.requestWillBeSent"]
    told["requests"] = len([url for url in requests if not url.startswith("file:")])
    told["complaints"] = [
        one["params"]
        for one in events
        if one.get("method") in {"Runtime.exceptionThrown", "Log.entryAdded", "Runtime.consoleAPICalled"}
    ]
    return told


if __name__ == "__main__":
    # A browser that hangs is to fail its test, not to hold up all others.
    signal.alarm(300)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        browser = Chromium(profile)
        try:
            print(json.dumps(walk(browser, *sys.argv[1:])))
        finally:
            browser.close()
