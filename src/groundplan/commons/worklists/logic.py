"""Pure: what of an address makes a filter, and what each bulk action asks for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

LONGEST_VALUE = 100
LONGEST_NAME = 40
Labels = dict[str, str]


@dataclass(frozen=True)
class Doing:
    """A bulk action.

    Args:
        label: the button.
        effect: what the page of confirmation says will happen.
        on: ``task`` for what is done with the unit's task, ``case`` for what is done with the case.
        states: the states of a task in which it makes sense.
        asks: the fields to be filled in; ``unit``, ``text``.
        text: what the text is called.
    """

    label: Labels
    effect: Labels
    on: str
    states: tuple[str, ...] = ()
    asks: tuple[str, ...] = ()
    text: Labels | None = None


REASON = {"zh-hans": "理由", "en": "Reason"}
# Closing, rulings and objections are not here: each of them wants eyes of its own.
DOINGS: dict[str, Doing] = {
    "sign": Doing(
        {"zh-hans": "签收", "en": "Sign for"},
        {"zh-hans": "逐件签收，办理时限随即开始计算。", "en": "Each is signed for; its working clock starts."},
        "task",
        ("offered",),
    ),
    "transfer": Doing(
        {"zh-hans": "移交", "en": "Transfer"},
        {
            "zh-hans": "逐件移交给所选单位；对方接收之前仍由本单位负责。",
            "en": "Each is offered to the chosen unit; until it accepts, yours stays responsible.",
        },
        "task",
        ("open",),
        ("unit", "text"),
        REASON,
    ),
    "redispatch": Doing(
        {"zh-hans": "转派下级", "en": "Hand down"},
        {
            "zh-hans": "逐件转派给所选下级单位，办结后由本单位审核。",
            "en": "Each is handed to the chosen unit below; yours reviews the result.",
        },
        "task",
        ("open",),
        ("unit", "text"),
        {"zh-hans": "办理要求", "en": "What is asked"},
    ),
    "supervise": Doing(
        {"zh-hans": "督办", "en": "Supervise"},
        {"zh-hans": "逐件督办，承办单位收到通知。", "en": "Each is supervised; the handling unit is told."},
        "case",
        (),
        ("text",),
        {"zh-hans": "督办要求", "en": "What is demanded"},
    ),
    "comment": Doing(
        {"zh-hans": "备注", "en": "Comment"},
        {
            "zh-hans": "逐件写入同一条备注，各承办单位可见。",
            "en": "The same comment is added to each; its units read it.",
        },
        "case",
        (),
        ("text",),
        {"zh-hans": "备注", "en": "Comment"},
    ),
}


def cleaned(asked: Mapping[str, str], params: Iterable[str]) -> dict[str, str]:
    """What of an address is a filter: known parameters with a value, bounded.

    >>> cleaned({"flow": "hotline", "after": "x", "text": ""}, ("flow", "text"))
    {'flow': 'hotline'}
    """
    found = {name: str(asked.get(name, "")).replace("\x00", "").strip()[:LONGEST_VALUE] for name in params}
    return {name: value for name, value in found.items() if value}
