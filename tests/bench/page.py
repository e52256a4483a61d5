# SPDX-License-Identifier: GPL-2.0-or-later
"""Shows the results of tests/bench/peers: a line on a terminal, a page with plots, a table for docs."""
import html as markup
import re
import statistics

MIB = 2**20
REFERENCE = "mmdebstrap"
BEGIN, END = "<!-- peers: begin -->", "<!-- peers: end -->"
# Title, key of a run, what divides it, unit
METRICS = [("Time", "seconds", 1, "s"), ("Processor time", "cpu", 1, "s"),
           ("Peak memory", "memory", MIB, "MiB"), ("Written", "written", MIB, "MiB"),
           ("Size of the result", "size", MIB, "MiB"),
           ("Size as a compressed qcow2", "size_compressed", MIB, "MiB"),
           ("Boot to a login prompt", "boot", 1, "s")]
STYLE = """
:root { color-scheme: light dark; --ink: #1c2430; --soft: #5c6675; --line: #d9dee5; --paper: #fff;
  --ours: #0b6e99; --theirs: #9aa5b4; --bad: #b3261e; --good: #1e7a3c; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ee; --soft: #9aa5b4; --line: #333c48;
  --paper: #14181e; --ours: #4fb3dc; --theirs: #66717f; --bad: #f2837b; --good: #6cc58a; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper);
  max-width: 70rem; margin: 2rem auto; padding: 0 1.5rem; }
h1 { font-size: 1.6rem; margin: 0 0 .3rem; } h2 { font-size: 1.15rem; margin: 2.2rem 0 .4rem; }
p { max-width: 50rem; margin: .4rem 0; } .soft { color: var(--soft); }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .87rem; }
th, td { padding: .35rem .5rem; border-bottom: 1px solid var(--line); text-align: right;
  vertical-align: top; white-space: nowrap; font-variant-numeric: tabular-nums; }
th { color: var(--soft); font-weight: 600; vertical-align: bottom; white-space: normal; }
th:first-child, td:first-child { text-align: left; white-space: normal; min-width: 13rem; }
td small { display: block; color: var(--soft); font-weight: 400; }
tr.ours td:first-child { font-weight: 600; } .bad { color: var(--bad); } .good { color: var(--good); }
td.failed, td.unknown { text-align: left; } td.failed { color: var(--bad); } td.unknown { color: var(--soft); }
svg { width: 100%; height: auto; display: block; }
svg text { font: 13px system-ui, sans-serif; fill: var(--ink); } svg .soft { fill: var(--soft); }
svg .bad { fill: var(--bad); } svg .ours { fill: var(--ours); } svg .theirs { fill: var(--theirs); }
svg line { stroke: var(--ink); } svg .grid { stroke: var(--line); }
pre { background: color-mix(in srgb, var(--line) 40%, transparent); padding: .7rem; font-size: .8rem;
  white-space: pre-wrap; overflow-wrap: anywhere; border-radius: 4px; }
"""


def values(peer, key):
    return [run[key] for run in peer["runs"] if "error" not in run and run.get(key) is not None]


def middle(peer, key):
    found = values(peer, key)
    return statistics.median(found) if found else None


def last(peer):
    """The run that stands for a tool where a median makes no sense; one that failed, if any did."""
    failed = [run for run in peer["runs"] if "error" in run]
    return (failed or peer["runs"] or [{"error": ["not measured yet"]}])[-1]


def number(value):
    return "–" if value is None else f"{value:.0f}" if value >= 10 else f"{value:.1f}"


def ours(name):
    return "ingot" in name


def peers_of(state, kind):
    """Those that worked, the fastest first; then those that failed, then those never measured."""
    chosen = [(name, peer) for name, peer in state["peers"].items() if peer["kind"] == kind]
    return sorted(chosen, key=lambda item: (not item[1]["runs"], middle(item[1], "seconds") or float("inf")))


def summary(run):
    if "error" in run:
        return "failed: " + run["error"][0] + "\n        " + "\n        ".join(run["error"][1:])
    counts = run.get("counts")
    return (f"{run['seconds']:.1f} s, processor {run['cpu']:.1f} s, memory {run['memory'] / MIB:.0f} MiB, "
            f"written {run['written'] / MIB:.0f} MiB, size {run['size'] / MIB:.0f} MiB, "
            f"{run.get('packages')} packages, boots {boots(run)}, "
            f"findings {findings(run) if counts else '–'}")


def boots(run):
    if "boot" not in run:
        return "–"
    return "no" if run["boot"] is None else "yes"


def findings(run):
    counts = run.get("counts")
    if counts is None:
        return "not inspected" if "inspect_error" in run else "–"
    if not any(counts.values()):
        return "clean"
    return ", ".join(f"{counts[level]} {level}{'s' if counts[level] > 1 else ''}"
                     for level in ("error", "warning", "note") if counts.get(level))


def ratio(state, peer):
    reference = state["peers"].get(REFERENCE)
    base = reference and middle(reference, "seconds")
    mine = middle(peer, "seconds")
    return f"{mine / base:.2f}" if base and mine else "–"


def failure(peer):
    said = last(peer)["error"][0]
    return f"failed: {said}" if peer["runs"] else said


def head(kind):
    columns = ["", "seconds"] + (["× mmdebstrap"] if kind == "build" else [])
    return columns + ["processor, s", "memory, MiB", "written, MiB", "size, MiB", "as qcow2, MiB", "packages",
                      "boots", "inspect"]


def cells(state, name, peer, kind):
    """The cells of a tool that worked, in the order of the head."""
    run = last(peer)
    plain = [number(middle(peer, "seconds"))] + ([ratio(state, peer)] if kind == "build" else [])
    plain += [number(middle(peer, "cpu"))]
    for key in ("memory", "written", "size", "size_compressed"):
        value = middle(peer, key)
        plain.append(number(value / MIB if value is not None else None))
    return [peer["title"], *plain, str(run.get("packages") or "–"), boots(run), findings(run)]


def markdown_table(state, kind):
    columns = head(kind)
    lines = ["| " + " | ".join(columns) + " |", "|---" * len(columns) + "|"]
    for name, peer in peers_of(state, kind):
        run = last(peer)
        if "error" in run:
            said = failure(peer) + (": " + run["error"][-1].strip() if len(run["error"]) > 1 else "")
            row = [peer["title"], said.replace("|", "\\|")] + [""] * (len(columns) - 2)
        else:
            row = cells(state, name, peer, kind)
        lines.append("| " + " | ".join(row) + " |")
    return "\n".join(lines)


def dates(state):
    found = sorted({run["date"] for peer in state["peers"].values() for run in peer["runs"]})
    return " to ".join(dict.fromkeys([found[0], found[-1]])) if found else "never"


def conditions(state):
    host = state["host"]
    guests = "guests emulated" if host["accelerator"].startswith("tcg") else "guests under KVM"
    runs = max((len(peer["runs"]) for peer in state["peers"].values()), default=0)
    text = f"{dates(state)}; {host['cores']} processors, {guests}; " + \
        ("medians of up to " + str(runs) + " runs" if runs > 1 else "one run")
    if not host["device_mapper"]:
        text += "; no device mapper in the host's kernel, so that kpartx is a script with partx"
    return text + ("" if host["udev"] else "; udev runs only for the tools that need it")


def measures(state):
    """How each figure was had, and where it is weak."""
    groups = {run.get("cgroup") for peer in state["peers"].values() for run in peer["runs"] if "cgroup" in run}
    memory = ("the highest sum, sampled ten times a second, of anonymous and shared memory of its control "
              "group, without page cache; a shorter peak is missed") if groups - {None} else (
              "the highest sum, sampled, of the proportional memory of its processes, with mapped files")
    return [("processor", "of its control group" if groups - {None} else "of all children that were waited for"),
            ("memory", memory),
            ("written", "what all its processes made dirty, as the kernel counts it when they end: a file that is "
             "deleted before it gets to the disk counts too, what a file system adds does not"),
            ("size", "of the blocks that the result takes on the disk"),
            ("as qcow2", "of that result, converted by the bench to a qcow2 compressed with zstd; not timed"),
            ("boots", "to a login prompt on the first serial port, within ten minutes"),
            ("inspect", "what `ingot inspect` reports; only ingot's images have been sealed")]


def notes(state):
    return [f"{peer['title']}: {run['note']}" for peer in state["peers"].values() for run in peer["runs"]
            if run.get("note")]


def lines_wrapped(text, width=128):
    lines, line = [], ""
    for word in text.split():
        if line and len(line) + 1 + len(word) > width:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}".strip()
    return "\n".join([*lines, line])


def markdown(state):
    text = f"`tests/bench/peers`, {conditions(state)}. Everything from nothing: no tool has a cache. " \
        "What the columns are: " + "; ".join(f"*{name}*: {text}" for name, text in measures(state)) + "."
    parts = [lines_wrapped(text), markdown_table(state, "build")]
    if peers_of(state, "seal"):
        parts += [f"Sealing an image that is not ingot's ({state.get('unsealed', 'none boots yet')}):",
                  markdown_table(state, "seal")]
    return "\n\n".join(parts + ([lines_wrapped(" ".join(notes(state)))] if notes(state) else []))


def into_document(document, state):
    """The document, with what is between the two marks written anew."""
    if BEGIN not in document or END not in document:
        raise SystemExit(f"the document has no {BEGIN} … {END}")
    before, rest = document.split(BEGIN, 1)
    return f"{before}{BEGIN}\n{markdown(state)}\n{END}{rest.split(END, 1)[1]}"


def bar(name, peer, key, divisor, unit, scale, y):
    middle_x, title = 290, markup.escape(peer["title"])
    parts = [f'<text x="{middle_x - 10}" y="{y + 15}" text-anchor="end">{title}</text>']
    found = [value / divisor for value in values(peer, key)]
    if not found:
        failed = "error" in last(peer) and peer["runs"]
        word, kind = ("failed", "bad") if failed else ("–", "soft")
        return parts + [f'<text x="{middle_x + 6}" y="{y + 15}" class="{kind}">{word}</text>']
    value, end = statistics.median(found), middle_x + max(found) * scale
    kind = "ours" if ours(name) else "theirs"
    parts.append(f'<rect x="{middle_x}" y="{y + 2}" width="{max(value * scale, 1):.1f}" height="18" rx="2" '
                 f'class="{kind}"/>')
    if len(found) > 1:
        parts.append(f'<line x1="{middle_x + min(found) * scale:.1f}" x2="{end:.1f}" y1="{y + 11}" '
                     f'y2="{y + 11}"/>')
    return parts + [f'<text x="{end + 6:.1f}" y="{y + 15}">{number(value)} '
                    f'<tspan class="soft">{unit}</tspan></text>']


def plot(chosen, metric):
    title, key, divisor, unit = metric
    shown = [(name, peer) for name, peer in chosen
             if values(peer, key) or (key == "seconds" and "error" in last(peer))]
    top = max((max(values(peer, key)) for _, peer in shown if values(peer, key)), default=0) / divisor
    if not top:
        return ""
    height, parts = 26 * len(shown) + 4, []
    for row, (name, peer) in enumerate(shown):
        parts += bar(name, peer, key, divisor, unit, 560 / top, 26 * row)
    return (f"<h2>{title}</h2>\n<svg viewBox='0 0 960 {height}' role='img' aria-label='{title}'>"
            f"<line class='grid' x1='290' x2='290' y1='0' y2='{height}'/>{''.join(parts)}</svg>\n")


def table(state, kind):
    columns = head(kind)
    rows = []
    for name, peer in peers_of(state, kind):
        first = f"<td>{markup.escape(peer['title'])}<small>{markup.escape(peer.get('version', ''))}</small></td>"
        run = last(peer)
        if "error" in run:
            rest = f"<td class='{'failed' if peer['runs'] else 'unknown'}' colspan='{len(columns) - 1}'>" \
                f"{markup.escape(failure(peer))}</td>"
        else:
            kinds = {"clean": "good", "yes": "good", "no": "bad"}
            rest = "".join(f"<td class='{kinds.get(cell, '')}'>{markup.escape(cell)}</td>"
                           for cell in cells(state, name, peer, kind)[1:])
        rows.append(f"<tr class='{'ours' if ours(name) else ''}'>{first}{rest}</tr>")
    heading = "".join(f"<th>{column}</th>" for column in columns)
    return f"<div class='wide'><table><tr>{heading}</tr>\n" + "\n".join(rows) + "</table></div>\n"


def troubles(state):
    """What failed, and what is wrong with the images of those that did not."""
    parts = []
    for peer in state["peers"].values():
        for run in peer["runs"][-1:]:
            for key, what in (("error", "failed"), ("boot_error", "does not boot; its serial port at the end"),
                              ("inspect_error", "could not be inspected")):
                if key in run:
                    said = markup.escape("\n".join(run[key]))
                    parts.append(f"<h3>{markup.escape(peer['title'])} {what}</h3><pre>{said}</pre>")
            if run.get("findings"):
                parts.append(f"<p>{markup.escape(peer['title'])}: <span class='soft'>`ingot inspect` finds "
                             + markup.escape(", ".join(run["findings"])) + "</span></p>")
    return "<h2>What failed, and what is not clean</h2>\n" + "\n".join(parts) if parts else ""


def html(state):
    builds, seals = peers_of(state, "build"), peers_of(state, "seal")
    how = "".join(f"<li><b>{name}</b>: {markup.escape(text.replace('`', ''))}</li>"
                  for name, text in measures(state))
    parts = ["<!doctype html>\n<html lang='en'><head><meta charset='utf-8'><meta name='viewport' "
             "content='width=device-width'><title>ingot and its peers</title>"
             f"<style>{STYLE}</style></head><body>\n<h1>One Debian 13, by every tool</h1>",
             f"<p class='soft'>{markup.escape(conditions(state))}</p>",
             "<h2>Building from nothing</h2>", table(state, "build"),
             *(plot(builds, metric) for metric in METRICS)]
    if seals:
        parts += [f"<h2>Sealing an image that is not ingot's ({state.get('unsealed', 'none boots yet')})</h2>",
                  table(state, "seal"), *(plot(seals, metric) for metric in METRICS[:6])]
    return "\n".join([*parts, troubles(state), *(f"<p>{markup.escape(note)}</p>" for note in notes(state)),
                      f"<h2>How it was measured</h2><ul>{how}</ul>",
                      "</body></html>\n"])
