"""Drawings of the interface on a 16 × 16 grid; a state has a shape of its own, so that colour is never alone."""

_LINE = 'fill="none" stroke="currentColor" stroke-width="1.5" stroke-linecap="round" stroke-linejoin="round"'


def _line(path: str) -> str:
    return f'<path d="{path}" {_LINE}/>'


ICONS: dict[str, str] = {
    # Shapes of states.
    "dot": '<circle cx="8" cy="8" r="4" fill="currentColor"/>',
    "ring": '<circle cx="8" cy="8" r="4.25" fill="none" stroke="currentColor" stroke-width="2"/>',
    "half": '<circle cx="8" cy="8" r="4.5" fill="none" stroke="currentColor" stroke-width="1.5"/>'
    '<path d="M8 3.5a4.5 4.5 0 0 1 0 9z" fill="currentColor"/>',
    "tick": _line("M3 8.5l3.5 3.5L13 4.5"),
    "diamond": '<path d="M8 2l6 6-6 6-6-6z" fill="currentColor"/>',
    "triangle": '<path d="M8 1.5l7 12.5H1z" fill="currentColor"/>',
    "bars": '<path d="M4 3h3v10H4zM9 3h3v10H9z" fill="currentColor"/>',
    # Things and acts.
    "menu": _line("M2 4h12M2 8h12M2 12h12"),
    "person": _line("M8 8a2.8 2.8 0 1 0 0-5.6A2.8 2.8 0 0 0 8 8zM2.5 14c.6-3 2.8-4.2 5.5-4.2s4.9 1.2 5.5 4.2"),
    "globe": _line("M8 14.2A6.2 6.2 0 1 0 8 1.8a6.2 6.2 0 0 0 0 12.4zM2 8h12M8 2c4 4 4 8 0 12M8 2C4 6 4 10 8 14"),
    "bell": _line("M3.5 11.5h9l-1.2-1.6V7a3.3 3.3 0 0 0-6.6 0v2.9zM6.6 13.4a1.5 1.5 0 0 0 2.8 0"),
    "contrast": '<circle cx="8" cy="8" r="5.5" fill="none" stroke="currentColor" stroke-width="1.5"/>'
    '<path d="M8 2.5a5.5 5.5 0 0 1 0 11z" fill="currentColor"/>',
    "search": _line("M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10zM10.8 10.8L14 14"),
    "pin": _line(
        "M8 14.5c3-3.6 4.7-6 4.7-8A4.7 4.7 0 0 0 3.3 6.5c0 2 1.7 4.4 4.7 8zM8 8a1.6 1.6 0 1 0 0-3.2A1.6 1.6 0 0 0 8 8z"
    ),
    "flag": _line("M3.5 14.5v-12M3.5 3c3-2 5.5 2 9 0v6c-3.5 2-6-2-9 0"),
    "receipt": _line("M3.5 1.8h9v12.4l-2.2-1.4-2.3 1.4-2.3-1.4-2.2 1.4zM6 5.5h4M6 8.5h4"),
    "desk": _line("M1.5 3h13v8h-13zM5.5 14h5M8 11v3"),
    "clock": _line("M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM8 4.8V8l2.2 1.8"),
    "seal": _line("M8 1.8l5 2v4c0 3.2-2 5.4-5 6.5-3-1.1-5-3.3-5-6.5v-4zM5.8 8l1.6 1.6 3-3.2"),
    "scales": _line("M8 2v12M4.5 14h7M3 4h10M3 4l-1.8 5h3.6zM13 4l-1.8 5h3.6z"),
    "camera": _line("M1.8 5h3l1.2-2h4l1.2 2h3v8H1.8zM8 11.2a2.4 2.4 0 1 0 0-4.8 2.4 2.4 0 0 0 0 4.8z"),
    "phone": _line(
        "M4 1.8l2.2 3L5 6.5c.8 1.8 2.6 3.6 4.5 4.5l1.7-1.2 3 2.2c-.4 1.6"
        "-1.5 2.3-2.7 2.2C6.5 13.5 2.5 9.5 1.8 4.5 1.7 3.3 2.4 2.2 4 1.8z"
    ),
    "glasses": _line(
        "M1.5 8h1M13.5 8h1M4.8 10.6a2.4 2.4 0 1 0 0-4.8 2.4 2.4 0 0 0 0 4.8z"
        "M11.2 10.6a2.4 2.4 0 1 0 0-4.8 2.4 2.4 0 0 0 0 4.8zM7.2 8h1.6"
    ),
    "arrow": _line("M3 8h10M9 4l4 4-4 4"),
    "back": _line("M13 8H3M7 4L3 8l4 4"),
    "print": _line("M4 6V2h8v4M4 11.5H2V6h12v5.5h-2M4 9.5h8V14H4z"),
    "locate": _line("M8 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM8 1.5V4M8 12v2.5M1.5 8H4M12 8h2.5"),
    "inbox": _line("M2 9l2-6h8l2 6v4.5H2zM2 9h3.5c0 3 5 3 5 0H14"),
    "warning": _line("M8 2l6.5 11.5h-13zM8 6.5v3.2M8 11.6v.1"),
    "help": _line(
        "M8 14.2A6.2 6.2 0 1 0 8 1.8a6.2 6.2 0 0 0 0 12.4zM6 6.3c.2-2.4 4-2.3 4 .1 0 1.5-2 1.6-2 3M8 11.6v.1"
    ),
    "info": _line("M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM8 7.5V11M8 5v.1"),
}

# The shape of each tone.
SHAPES: dict[str, str] = {
    "neutral": "ring",
    "info": "dot",
    "active": "half",
    "good": "tick",
    "warn": "diamond",
    "late": "triangle",
    "paused": "bars",
}
