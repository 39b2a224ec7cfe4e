"""Small multiples of learning curves as SVG: a panel a task, a line a model and side with its intervals."""

from dataclasses import dataclass
from xml.sax.saxutils import escape

COLOURS = ("#1f5fa8", "#c2571a", "#2f7d4f", "#8a3f8f", "#6b6b6b")  # told apart by the colour-blind too
DASHES = ("", "5 4", "2 3")
COLUMNS, WIDTH, HEIGHT = 3, 250, 160  # of the plotted area of a panel, pixels
LEFT, RIGHT, TOP, BOTTOM, HEAD = 44, 14, 34, 36, 64
TEXT, FAINT, GRID = "#222222", "#666666", "#e3e3e3"


@dataclass
class Line:
    model: int  # its colour
    side: int  # its dashes
    points: list  # (x as an index of the columns, share, low, high)


@dataclass
class Panel:
    title: str
    lines: list
    sides: list  # names; more than one is said in the legend


def text(x, y, said, size=12, anchor="start", fill=TEXT, weight="normal"):
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" fill="{fill}" font-weight="{weight}">{escape(said)}</text>'


def stroke(x1, y1, x2, y2, colour, width=1.0, dash=""):
    dashes = f' stroke-dasharray="{dash}"' if dash else ""
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}" stroke-width="{width}"{dashes}/>'


def frame(panel, columns, x, y):
    parts = [text(x, y - 12, panel.title, 13, weight="bold")]
    for percent in (0, 25, 50, 75, 100):
        level = y + HEIGHT * (1 - percent / 100)
        parts += [stroke(x, level, x + WIDTH, level, GRID), text(x - 6, level + 4, str(percent), 11, "end", FAINT)]
    for i, column in enumerate(columns):
        parts.append(text(x + place(i, columns), y + HEIGHT + 17, column, 11, "middle", FAINT))
    return parts


def place(i, columns):
    """Where a column stands, away from both edges."""
    return WIDTH * (i + 0.5) / len(columns)


def curve(line, columns, x, y, shift):
    colour, dash = COLOURS[line.model % len(COLOURS)], DASHES[line.side % len(DASHES)]
    at = lambda i, share: (x + place(i, columns) + shift, y + HEIGHT * (1 - share))
    parts = []
    for i, _, low, high in line.points:
        (px, bottom), (_, top) = at(i, low), at(i, high)
        parts.append(f'<g opacity="0.45">{stroke(px, bottom, px, top, colour, 1.5)}</g>')
    spots = [at(i, share) for i, share, _, _ in line.points]
    dashes = f' stroke-dasharray="{dash}"' if dash else ""
    path = " ".join(f"{px:.1f},{py:.1f}" for px, py in spots)
    parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"{dashes}/>')
    fill = colour if line.side == 0 else "white"
    parts += [f'<circle cx="{px:.1f}" cy="{py:.1f}" r="3.2" fill="{fill}" stroke="{colour}" stroke-width="1.5"/>' for px, py in spots]
    return parts


def legend(models, sides, width):
    """One row: a colour a model, then a dash pattern a side where there are several."""
    entries = [(model, COLOURS[i % len(COLOURS)], "") for i, model in enumerate(models)]
    if len(sides) > 1:
        entries += [(f"{side} services", FAINT, DASHES[i % len(DASHES)]) for i, side in enumerate(sides)]
    parts, x = [], LEFT
    for label, colour, dash in entries:
        parts += [stroke(x, 46, x + 26, 46, colour, 2, dash), text(x + 32, 50, label)]
        x += 32 + 7.5 * len(label) + 22
    return parts


def svg(panels, models, columns):
    """The whole picture as text. `columns`: numbers of examples, as they are written below the axis."""
    across = min(COLUMNS, len(panels))
    down = -(-len(panels) // across)
    wide, high = LEFT + WIDTH + RIGHT, TOP + HEIGHT + BOTTOM
    width, height = max(across * wide, 420), HEAD + down * high + 6
    sides = max((panel.sides for panel in panels), key=len)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        f'font-family="system-ui, -apple-system, Segoe UI, Roboto, Helvetica, Arial, sans-serif" role="img" '
        'aria-label="Exact match against the number of examples, a panel a task">',
        f'<rect width="{width}" height="{height}" fill="white"/>',
        text(LEFT, 24, "Exact match (%) against the number of examples", 15, weight="bold"),
        *legend(models, sides, width),
    ]
    for p, panel in enumerate(panels):
        x, y = LEFT + (p % across) * wide, HEAD + TOP + (p // across) * high
        parts += frame(panel, columns, x, y)
        middle = (len(panel.lines) - 1) / 2
        for i, line in enumerate(panel.lines):
            parts += curve(line, columns, x, y, (i - middle) * 4) if line.points else []
    return "\n".join([*parts, "</svg>", ""])
