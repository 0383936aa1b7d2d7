"""A picture of throughput over size: SVG with logarithmic axes, one line a program, readable in light and dark."""

import math
from html import escape

WIDTH, PANEL, LEFT, RIGHT, TOP, BOTTOM = 860, 330, 78, 190, 46, 44
# Told apart by people who see no red or no green, on white and on black (Okabe and Ito's palette), and by dash.
COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#888888", "#a0522d"]
DASHES = ["", "", "7 4", "2 3", "9 3 2 3", "4 4", "1 4", "12 4"]
STYLE = """
  .page { fill: #ffffff } .text { fill: #1b1f24; font: 13px system-ui, sans-serif }
  .title { font-weight: 600; font-size: 15px } .grid { stroke: #d5d9de } .axis { stroke: #6b737c }
  .line { fill: none; stroke-width: 2.2; stroke-linejoin: round }
  @media (prefers-color-scheme: dark) {
    .page { fill: #14171b } .text { fill: #e4e7eb } .grid { stroke: #353b43 } .axis { stroke: #98a1ab }
  }
"""


class Panel:
    """One pair of axes: `lines` is a list of (label, [(bytes, bytes a second), …])."""

    def __init__(self, title, lines):
        self.title = title
        self.lines = [(label, sorted(points)) for label, points in lines if points]


def svg(panels, caption):
    """The whole picture as text."""
    panels = [panel for panel in panels if panel.lines]
    height = PANEL * len(panels) + 26
    names = [label for panel in panels for label, _ in panel.lines]
    # Ours come first, so that they have the strongest looks.
    names.sort(key=lambda name: not name.startswith("sealpost"))
    looks = {name: number for number, name in enumerate(dict.fromkeys(names))}
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" '
             f'height="{height}" role="img" aria-label="{escape(caption, True)}">',
             f"<title>{escape(caption)}</title>", f"<style>{STYLE}</style>",
             f'<rect class="page" width="{WIDTH}" height="{height}"/>']
    for number, panel in enumerate(panels):
        parts += drawn(panel, PANEL * number, looks)
    parts.append(text(LEFT, height - 10, caption))
    return "\n".join([*parts, "</svg>"]) + "\n"


def drawn(panel, top, looks):
    xs = [size for _, points in panel.lines for size, _ in points]
    ys = [rate for _, points in panel.lines for _, rate in points]
    x = scale(math.log2(min(xs)), math.log2(max(xs)), LEFT, WIDTH - RIGHT, math.log2)
    low, high = math.floor(math.log10(min(ys))), math.log10(max(ys)) + 0.08
    y = scale(low, high, top + PANEL - BOTTOM, top + TOP, math.log10)
    parts = [text(LEFT, top + 24, panel.title, "text title")]
    for power in range(low, math.floor(high) + 1):
        at = y(10 ** power)
        parts += [stroke("grid", LEFT, at, WIDTH - RIGHT, at),
                  text(LEFT - 8, at + 4, rate_in_words(10 ** power), anchor="end")]
    for power in range(math.ceil(math.log2(min(xs))), math.floor(math.log2(max(xs))) + 1, 2):
        at = x(2 ** power)
        parts += [stroke("grid", at, top + TOP, at, top + PANEL - BOTTOM),
                  text(at, top + PANEL - BOTTOM + 18, size_in_words(2 ** power), anchor="middle")]
    bottom = top + PANEL - BOTTOM
    parts += [stroke("axis", LEFT, bottom, WIDTH - RIGHT, bottom), stroke("axis", LEFT, top + TOP, LEFT, bottom)]
    for label, points in panel.lines:
        parts += line(points, x, y, looks[label])
    return parts + legend(panel, top, y, looks)


def line(points, x, y, look):
    colour, dash = COLOURS[look % len(COLOURS)], DASHES[look % len(DASHES)]
    path = " ".join(f"{x(size):.1f},{y(rate):.1f}" for size, rate in points)
    parts = [f'<polyline class="line" stroke="{colour}" stroke-dasharray="{dash}" points="{path}"/>']
    return parts + [f'<circle cx="{x(size):.1f}" cy="{y(rate):.1f}" r="2.8" fill="{colour}"/>'
                    for size, rate in points]


def legend(panel, top, y, looks):
    """Names beside the ends of the lines, in their order, moved apart where they would overlap."""
    ends = sorted((y(points[-1][1]), label) for label, points in panel.lines)
    parts, at = [], top + TOP - 17
    lowest = top + PANEL - BOTTOM - 17 * (len(ends) - 1)
    for number, (wanted, label) in enumerate(ends):
        at = max(at + 17, min(wanted, lowest + 17 * number))
        look = looks[label]
        colour, dash = COLOURS[look % len(COLOURS)], DASHES[look % len(DASHES)]
        left = WIDTH - RIGHT + 12
        parts += [f'<line class="line" stroke="{colour}" stroke-dasharray="{dash}" x1="{left}" y1="{at:.1f}" '
                  f'x2="{left + 26}" y2="{at:.1f}"/>', text(left + 33, at + 4, label)]
    return parts


def scale(low, high, start, end, measure):
    span = (high - low) or 1
    return lambda value: start + (measure(value) - low) / span * (end - start)


def stroke(kind, x1, y1, x2, y2):
    return f'<line class="{kind}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'


def text(x, y, words, kind="text", anchor="start"):
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(words)}</text>'


def size_in_words(size):
    for unit in ("B", "KiB", "MiB", "GiB"):
        if size < 1024 or unit == "GiB":
            return f"{size:g} {unit}"
        size /= 1024


def rate_in_words(rate):
    for unit in ("B/s", "kB/s", "MB/s"):
        if rate < 1000:
            return f"{rate:g} {unit}"
        rate /= 1000
    return f"{rate:g} GB/s"
