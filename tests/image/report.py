#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""report.py RENDER: TAP; reports of builds in a real browser: nothing goes over the edge from a phone to
a desk, light and dark, every text can be read, nothing is loaded, and nothing of a guest becomes markup.
INGOT_TEST_SCREENS=DIR keeps pictures of the pages."""
import base64
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import records

WIDTHS = {"phone": 360, "tablet": 768, "desk": 1280}
OVERFLOW = """(() => {
  const edge = document.documentElement.clientWidth, over = [];
  const page = document.querySelector('main').getBoundingClientRect().right;
  for (const e of document.querySelectorAll('body *')) {
    const r = e.getBoundingClientRect();
    if (r.width && r.right > Math.min(edge, page) + 0.5 && !e.closest('pre') && !e.closest('svg') &&
        getComputedStyle(e).clipPath === 'none' && !e.closest('thead'))
      over.push(e.tagName + '.' + e.className + ' ' + Math.round(r.right));
  }
  return {scroll: document.documentElement.scrollWidth, edge, over: over.slice(0, 5)};
})()"""
# WCAG 2.2, 1.4.3: at least 4.5 for text; the ground is the first one behind it that is not transparent.
CONTRAST = """(() => {
  const parse = c => c.match(/[\\d.]+/g).map(Number);
  const light = c => { const [r, g, b] = c.slice(0, 3).map(v => (v /= 255) <= .04045 ? v / 12.92 :
    ((v + .055) / 1.055) ** 2.4); return .2126 * r + .7152 * g + .0722 * b; };
  const poor = new Set();
  for (const e of document.querySelectorAll('body *')) {
    if (![...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()) || !e.offsetParent) continue;
    let at = e, ground = [0, 0, 0, 0];
    while (at && (ground = parse(getComputedStyle(at).backgroundColor))[3] === 0) at = at.parentElement;
    const a = light(parse(getComputedStyle(e).color)), b = light(ground);
    const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
    if (ratio < 4.5) poor.add(e.tagName + '.' + e.className + ' ' + ratio.toFixed(2));
  }
  return [...poor];
})()"""
STRUCTURE = """(() => {
  const levels = [...document.querySelectorAll('h1,h2,h3')].map(h => +h.tagName[1]);
  return {h1: levels.filter(l => l === 1).length, jumps: levels.some((l, i) => i && l > levels[i - 1] + 1),
    mute: [...document.querySelectorAll('img')].filter(i => !i.alt).length,
    broken: [...document.images].filter(i => i.complete && !i.naturalWidth).length,
    images: document.images.length, scripts: document.scripts.length,
    handlers: document.querySelectorAll('[onerror],[onload],[onclick]').length,
    hacked: typeof window.hacked, unnamed: [...document.querySelectorAll('svg')].filter(
      s => !s.getAttribute('aria-label')).length, charts: document.querySelectorAll('svg').length};
})()"""
SEARCH = """(() => {
  const field = document.querySelector('input[type=search]'), list = document.querySelectorAll('.packages li');
  if (!field) return null;
  field.value = 'gnutls3'; field.dispatchEvent(new Event('input'));
  const shown = [...list].filter(i => !i.hidden).length;
  field.value = ''; field.dispatchEvent(new Event('input'));
  return [shown, list.length];
})()"""


class Browser:
    """The DevTools protocol over a pipe: JSON messages that end with NUL."""

    def __init__(self, program, home):
        to_child, self.write = os.pipe()
        self.read, from_child = os.pipe()

        def wire():
            kept = os.dup(to_child), os.dup(from_child)
            os.dup2(kept[0], 3)
            os.dup2(kept[1], 4)
        sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
        self.child = subprocess.Popen(
            [program, "--headless", "--remote-debugging-pipe", "--disable-gpu", "--no-first-run",
             "--disable-dev-shm-usage", "--disable-background-networking", f"--user-data-dir={home}",
             *sandbox, "about:blank"],
            preexec_fn=wire, pass_fds=(3, 4), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(to_child)
        os.close(from_child)
        self.number, self.buffer, self.events, self.session = 0, b"", [], None
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Network", "Log", "Runtime"):
            self.call(domain + ".enable")

    def message(self):
        while b"\0" not in self.buffer:
            data = os.read(self.read, 1 << 20)
            if not data:
                raise EOFError("the browser is gone")
            self.buffer += data
        text, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(text)

    def call(self, method, **params):
        self.number += 1
        message = {"id": self.number, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.write, json.dumps(message).encode() + b"\0")
        while True:
            answer = self.message()
            if answer.get("id") != self.number:
                self.events.append(answer)
            elif "error" in answer:
                raise RuntimeError(f"{method}: {answer['error']}")
            else:
                return answer["result"]

    def wait(self, method):
        while not any(e.get("method") == method for e in self.events):
            self.events.append(self.message())

    def ask(self, script):
        return self.call("Runtime.evaluate", expression=script, returnByValue=True)["result"].get("value")

    def open(self, path, width, scheme):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1,
                  mobile=width < 600)
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        self.events.clear()
        self.call("Page.navigate", url=path.as_uri())
        self.wait("Page.loadEventFired")

    def asked_for(self):
        return [e["params"]["request"]["url"] for e in self.events
                if e.get("method") == "Network.requestWillBeSent"]

    def complaints(self):
        return [e["params"]["entry"]["text"] for e in self.events if e.get("method") == "Log.entryAdded"]

    def picture(self, path):
        size = self.call("Page.getLayoutMetrics")["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": size["width"], "height": min(size["height"], 12000), "scale": 1}
        shot = self.call("Page.captureScreenshot", captureBeyondViewport=True, clip=clip)
        path.write_bytes(base64.b64decode(shot["data"]))

    def close(self):
        self.child.kill()
        self.child.wait()


def look(browser, page, width, scheme):
    """What is wrong with a page at that width, as sentences."""
    browser.open(page, width, scheme)
    wrong = []
    for open_all in (False, True):
        if open_all:
            browser.ask("document.querySelectorAll('details').forEach(d => d.open = true)")
        seen = browser.ask(OVERFLOW)
        if seen["scroll"] > seen["edge"] or seen["over"]:
            wrong.append(f"goes over the edge: {seen}")
    poor = browser.ask(CONTRAST)
    if poor:
        wrong.append(f"hard to read: {poor}")
    urls = [u for u in browser.asked_for() if u != page.as_uri() and not u.startswith("data:")]
    if urls:
        wrong.append(f"asks for {urls}")
    if browser.complaints():
        wrong.append(f"the browser complains: {browser.complaints()}")
    return wrong


def judge(browser, page):
    """What is wrong with its structure."""
    browser.open(page, 1280, "light")
    seen = browser.ask(STRUCTURE)
    want = {"h1": 1, "jumps": False, "mute": 0, "broken": 0, "scripts": 1, "handlers": 0,
            "hacked": "undefined", "unnamed": 0}
    return [f"{k} is {seen[k]} instead of {v}" for k, v in want.items() if seen[k] != v], seen


class Tap:
    def __init__(self):
        self.number = 0

    def tell(self, name, wrong):
        self.number += 1
        print(f"{'not ok' if wrong else 'ok'} {self.number} - {name}", flush=True)
        for text in wrong:
            print("# " + str(text).replace("\n", "\n# "), flush=True)


def render(program, kind, folder, name, record):
    source = folder / f"{name}.json"
    source.write_text(json.dumps(record))
    page = folder / f"{name}.{kind}"
    with page.open("wb") as out:
        subprocess.run([program, kind, str(source)], stdout=out, check=True)
    return page


def run(program, chromium, folder):
    tap, keep = Tap(), os.environ.get("INGOT_TEST_SCREENS")
    browser = Browser(chromium, folder / "home")
    for name in ("good", "bad", "hostile", "huge"):
        page = render(program, "html", folder, name, getattr(records, name)(folder))
        for screen, width in WIDTHS.items():
            for scheme in ("light", "dark"):
                tap.tell(f"{name} on a {screen}, {scheme}", look(browser, page, width, scheme))
                if keep and name in ("good", "bad"):
                    browser.open(page, width, scheme)
                    browser.picture(pathlib.Path(keep) / f"{name}-{screen}-{scheme}.png")
        wrong, seen = judge(browser, page)
        tap.tell(f"{name}: headings, pictures, scripts", wrong)
        if name == "good":
            tap.tell("the film and the curves are there",
                     [] if (seen["images"], seen["charts"]) == (6, 4) else [seen])
            tap.tell("packages can be searched", [] if browser.ask(SEARCH) == [7, 224] else [browser.ask(SEARCH)])
        if name == "hostile":
            size = page.stat().st_size
            tap.tell("an absurd record makes no absurd report", [] if size < 16 << 20 else [size])
            browser.call("Emulation.setScriptExecutionDisabled", value=True)
            browser.open(page, 360, "light")
            browser.call("Emulation.setScriptExecutionDisabled", value=False)
    browser.close()
    print(f"1..{tap.number}")


def main():
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if not chromium:
        print("1..1\nok 1 # SKIP no chromium")
        return
    with tempfile.TemporaryDirectory(prefix="ingot-report-") as top:
        run(sys.argv[1], chromium, pathlib.Path(top))


main()
