"""Texts that somebody could write to be run, followed or not seen; and harmless ones of the same length."""

from __future__ import annotations

import random

VECTORS = (
    "<script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    "<!--<script>",
    "-->",
    "]]>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "<iframe srcdoc='<script>alert(1)</script>'>",
    "<a href=javascript:alert(1)>x</a>",
    "javascript:alert(1)",
    "data:text/html;base64,PHNjcmlwdD4=",
    '" onmouseover="alert(1)',
    "' onfocus='alert(1)' autofocus='",
    '"><style>*{display:none}</style>',
    '" style="position:fixed;inset:0',
    "`onerror=alert(1)`",
    "</title><script>alert(1)</script>",
    "</textarea></style></noscript><script>alert(1)</script>",
    "{{ 7 * 7 }}{% raw %}${7*7}<%= 7 %>",
    "&lt;script&gt;&#60;b&#62;&amp;",
    "\u2028alert(1)\u2029",
    "\x00<b>\x00",
    "\x1b[31mred\x1b]8;;http://evil.test\x1b\\here\x1b]8;;\x1b\\",
    "\r\nscored: everything is well\n",
    "\u202eevil\u202c\u2066a\u2069\u200f",
    "[bold red]x[/bold red][link=http://evil.test]y[/link]",
    "[a](javascript:alert(1)) ![b](http://evil.test/p.png) <http://evil.test> **c** `d` | e |",
    "http://evil.test www.evil.test",
    '=HYPERLINK("http://evil.test","x")',
    "=cmd|' /C calc'!A0",
    "+1+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(1+1)",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    " =1+1",
    "\ufeff=1+1",
    "\u00a0=1+1",
    "\uff1d1+1",
    "\uff0b1",
    "\uff0d1",
    "\uff20SUM(1)",
    "'=1+1",
    "''=1+1",
    '"=1+1"',
    "a;=1+1;'+2",
    "a\t=1+1\n-2\r\n@x",
    "'",
    "",
    " ",
    "../../etc/passwd",
    "..\\..\\x",
    "/etc/passwd",
    "C:\\con",
    "CON",
    "aux.html",
    "trailing. ",
    ".",
    "..",
    "e\u0301",
    "\u00e9",
    "A",
    "a",
    "\u0130\u0131",
    "\U0001f469\u200d\U0001f467",
    "x" * 5_000,
)
"""What is known to have worked somewhere, a text each."""

PIECES = ("<", ">", '"', "'", "&", "=", "+", "-", "@", ";", "\t", "\r", "\n", " ", "/", "\\", ".", "[", "](", "|", "`")
"""What vectors are made of; `made_up` puts them together anew."""

LONGEST_MADE_UP = 12


def made_up(draw: random.Random) -> str:
    """A text nobody thought of: pieces of vectors, characters of any plane, and vectors themselves."""
    parts = []
    for _ in range(draw.randint(1, LONGEST_MADE_UP)):
        kind = draw.random()
        if kind < 0.5:
            parts.append(draw.choice(PIECES))
        elif kind < 0.9:
            parts.append(_character(draw))
        else:
            parts.append(draw.choice(VECTORS)[:60])
    return "".join(parts)


def _character(draw: random.Random) -> str:
    code = draw.choice((draw.randrange(0x250), draw.randrange(0x2000, 0x2100), draw.randrange(0x110000)))
    return "x" if 0xD800 <= code <= 0xDFFF else chr(code)


def harmless(text: str) -> str:
    """A text of the same length in which nothing means anything; empty where there is nothing to see."""
    return "x" * len(text) if text.strip() else text
