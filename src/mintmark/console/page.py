"""The shell of a page: one file with its style inside, a light and a dark face, no script."""

from collections.abc import Sequence
from html import escape

STYLE = """
:root{color-scheme:light dark;--ink:#16211c;--quiet:#5b6b63;--paper:#f6f8f6;--card:#fff;
--rule:#dde5e0;--t1:#0b7a5a;--t2:#c2571a;--t3:#3563b8;--t4:#8b8f2b;--t5:#8d4fa8;
--good:#0b7a5a;--warn:#a86a00;--bad:#b3261e;--wash:#eaf4ef}
@media(prefers-color-scheme:dark){:root{--ink:#e6eee9;--quiet:#9db0a6;--paper:#101613;
--card:#18211c;--rule:#2b3a32;--t1:#4fc79f;--t2:#f0945a;--t3:#7fa7f0;--t4:#c9cd66;--t5:#c793dd;
--good:#4fc79f;--warn:#e3b04b;--bad:#f2847c;--wash:#1a2a23}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);
font:15px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Liberation Sans",sans-serif}
main{max-width:1180px;margin:0 auto;padding:34px 26px 80px}
header.top{display:flex;gap:18px;align-items:center;margin-bottom:6px}
header.top svg{width:46px;height:46px;flex:none}
h1{font-size:27px;line-height:1.2;margin:0;letter-spacing:-.01em}
h2{font-size:19px;margin:44px 0 6px;padding-top:20px;border-top:1px solid var(--rule)}
h3{font-size:15px;margin:22px 0 6px}
p{margin:6px 0 12px;max-width:78ch}p.lead,.quiet{color:var(--quiet)}
nav{display:flex;flex-wrap:wrap;gap:4px 16px;margin:14px 0 0;font-size:13.5px}
nav a{color:var(--t3);text-decoration:none}nav a:hover{text-decoration:underline}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(165px,1fr));gap:12px;margin:20px 0}
.tile{background:var(--card);border:1px solid var(--rule);border-radius:10px;padding:13px 15px}
.tile b{display:block;font-size:23px;font-weight:640;letter-spacing:-.01em;
font-variant-numeric:tabular-nums}
.tile span{color:var(--quiet);font-size:13px}
.tile.good b{color:var(--good)}.tile.warn b{color:var(--warn)}.tile.bad b{color:var(--bad)}
.charts{display:grid;grid-template-columns:repeat(auto-fill,minmax(430px,1fr));gap:16px;
margin:14px 0}
figure.chart{margin:0;background:var(--card);border:1px solid var(--rule);border-radius:10px;
padding:13px 13px 9px}
figcaption{font-weight:600;font-size:14px;margin:0 0 5px 4px}
svg{display:block;width:100%;height:auto}
.grid{stroke:var(--rule);stroke-width:1}.axis{stroke:var(--quiet);stroke-width:1}
.tick{fill:var(--quiet);font-size:11px}.label{fill:var(--quiet);font-size:12px}
.line{fill:none;stroke-width:2.2;stroke-linejoin:round}
.dashed{stroke-dasharray:5 4;stroke-width:1.5}
.bar{opacity:.82}.line.t1{stroke:var(--t1)}.line.t2{stroke:var(--t2)}.line.t3{stroke:var(--t3)}
.line.t4{stroke:var(--t4)}.line.t5{stroke:var(--t5)}
.bar.t1,.dot.t1{fill:var(--t1)}.bar.t2,.dot.t2{fill:var(--t2)}.bar.t3,.dot.t3{fill:var(--t3)}
.bar.t4,.dot.t4{fill:var(--t4)}.bar.t5,.dot.t5{fill:var(--t5)}
.legend{display:flex;flex-wrap:wrap;gap:3px 14px;font-size:12.5px;color:var(--quiet);
margin:4px 0 0 8px}
.key i{display:inline-block;width:11px;height:11px;border-radius:3px;margin-right:5px;
vertical-align:-1px}
.key i.t1{background:var(--t1)}.key i.t2{background:var(--t2)}.key i.t3{background:var(--t3)}
.key i.t4{background:var(--t4)}.key i.t5{background:var(--t5)}
.scroll{overflow-x:auto;background:var(--card);border:1px solid var(--rule);border-radius:10px;
margin:12px 0}
table{border-collapse:collapse;width:100%;font-size:13.5px}
th,td{text-align:left;padding:7px 13px;border-bottom:1px solid var(--rule);vertical-align:top}
tr:last-child td{border-bottom:0}th{color:var(--quiet);font-weight:600;white-space:nowrap}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
.badge{display:inline-block;border-radius:999px;padding:1px 10px;font-size:12.5px;font-weight:650;
border:1px solid currentColor}
.PROMOTE,.pass,.good{color:var(--good)}.HOLD,.hold,.warn,.waived{color:var(--warn)}
.REJECT,.reject,.bad{color:var(--bad)}
pre{background:var(--card);border:1px solid var(--rule);border-radius:10px;padding:14px 16px;
overflow-x:auto;font:12.5px/1.5 ui-monospace,"SF Mono",Menlo,"DejaVu Sans Mono",monospace}
code{font:12.5px ui-monospace,"SF Mono",Menlo,"DejaVu Sans Mono",monospace}
.note{background:var(--wash);border-left:4px solid var(--t1);padding:9px 15px;border-radius:6px;
margin:14px 0}.note.warn{border-color:var(--warn);color:inherit}
details{margin:10px 0}summary{cursor:pointer;color:var(--t3)}
footer{margin-top:54px;color:var(--quiet);font-size:13px}
@media print{body{background:#fff}figure.chart,.scroll,.tile{break-inside:avoid}}
@media(max-width:520px){.charts{grid-template-columns:1fr}}
"""

# A coin with a mark under its rim: the one drawing that is ours.
MARK = (
    '<svg viewBox="0 0 48 48" aria-hidden="true"><circle cx="24" cy="24" r="22" fill="none" '
    'stroke="var(--t1)" stroke-width="3"/><circle cx="24" cy="24" r="16.5" fill="none" '
    'stroke="var(--t1)" stroke-width="1.2" stroke-dasharray="1.6 2.4"/><path d="M15 30V18l9 8 '
    '9-8v12" fill="none" stroke="var(--t1)" stroke-width="3.2" stroke-linejoin="round" '
    'stroke-linecap="round"/></svg>'
)


def page(title: str, lead: str, sections: Sequence[tuple[str, str, str]]) -> str:
    """Return a whole HTML page: (anchor, heading, body) a section; bodies are already HTML."""
    named = [(anchor, name) for anchor, name, _ in sections if name]
    links = "".join(f'<a href="#{anchor}">{escape(name)}</a>' for anchor, name in named)
    bodies = "".join(
        f'<section id="{anchor}">{f"<h2>{escape(name)}</h2>" if name else ""}{body}</section>'
        for anchor, name, body in sections
    )
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        # An empty icon, so that a browser does not ask for one.
        '<link rel="icon" href="data:,">'
        f"<style>{STYLE}</style></head><body><main><header class='top'>{MARK}<div>"
        f"<h1>{escape(title)}</h1><p class='lead'>{escape(lead)}</p></div></header>"
        f"<nav>{links}</nav>{bodies}"
        "<footer>Struck by Mintmark. This page holds all that it shows; nothing is fetched."
        "</footer></main></body></html>"
    )


def tiles(items: Sequence[tuple[str, str, str]]) -> str:
    """Return a row of tiles: (figure, words, tone) where tone is good, warn, bad or empty."""
    inner = "".join(
        f'<div class="tile {tone}"><b>{escape(figure)}</b><span>{escape(words)}</span></div>'
        for figure, words, tone in items
    )
    return f'<div class="tiles">{inner}</div>'


def table(
    head: Sequence[str], rows: Sequence[Sequence[str]], *, numbers: Sequence[int] = ()
) -> str:
    """Return a table; the columns in `numbers` are set flush right. Cells are plain text."""
    return html_table(head, [[escape(cell) for cell in row] for row in rows], numbers=numbers)


def html_table(
    head: Sequence[str], rows: Sequence[Sequence[str]], *, numbers: Sequence[int] = ()
) -> str:
    """Return a table whose cells are already HTML."""

    def cell(tag: str, index: int, text: str) -> str:
        kind = ' class="n"' if index in numbers else ""
        return f"<{tag}{kind}>{text}</{tag}>"

    top = "".join(cell("th", i, escape(text)) for i, text in enumerate(head))
    body = "".join(
        f"<tr>{''.join(cell('td', i, text) for i, text in enumerate(row))}</tr>" for row in rows
    )
    inner = f"<thead><tr>{top}</tr></thead><tbody>{body}</tbody>"
    return f'<div class="scroll"><table>{inner}</table></div>'


def badge(word: str) -> str:
    """Return a word as a badge whose colour follows its meaning."""
    return f'<span class="badge {escape(word)}">{escape(word)}</span>'


def note(text: str, *, tone: str = "") -> str:
    """Return a set-off note; text is plain."""
    return f'<div class="note {tone}">{escape(text)}</div>'


def preformatted(text: str) -> str:
    """Return text as it stands, in a fixed-width face."""
    return f"<pre>{escape(text)}</pre>"
