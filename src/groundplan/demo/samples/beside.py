"""A sample run beside another system (旁路运行): two exports of a made-up one, judged by the city's rules."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random

from django.utils import timezone

from groundplan.kernel.parties import queries as parties
from groundplan.lib import clock
from groundplan.lib.tabular.streaming import csv_chunks
from groundplan.systems.incidents.beside import actions

HEADERS = (
    "工单编号",
    "标题",
    "事项分类",
    "承办单位",
    "受理时间",
    "派单时间",
    "签收时间",
    "办结时间",
    "退单次数",
    "办结期限",
)
# Matter, what is written, the unit that the sample directory names, and one that the vendor's dispatchers take for it.
MATTERS = (
    ("路灯不亮", "小区门口路灯不亮", "urban-management", "power-company"),
    ("积水内涝", "下穿通道积水", "water", "urban-management"),
    ("噪声", "夜间噪声扰民", "ecology", "public-security"),
    ("共享单车", "共享单车占用人行道", "transport", "urban-management"),
    ("大气与油烟", "餐馆油烟直排", "ecology", "urban-management"),
    ("拖欠工资", "工地拖欠工资", "human-resources", "housing"),
)
CASES, DAYS, SEED = 72, 6, 20260708


def run_beside() -> str:
    """Start the sample run and take its two files; the public id of the run."""
    today = timezone.localdate(clock.now())
    run = actions.start_beside(
        actor=parties.SYSTEM, name="旁路运行（示例）", ends_on=today + timedelta(days=13), answerable="数据科"
    )
    names = parties.labels_by_code()
    for number, later in enumerate((False, True), start=1):
        rows = [_row(index, names, later=later) for index in range(CASES)]
        actions.take_beside_file(
            actor=parties.SYSTEM, run=run.public_id, content=b"".join(csv_chunks(HEADERS, rows)),
            filename=f"示例导出{number}.csv",
        )  # fmt: skip
    return str(run.public_id)


def _row(index: int, names: dict[str, dict[str, str]], *, later: bool) -> list[object]:
    """One case of the made-up system, as the first file tells it or a later one."""
    draw = Random(SEED + index)  # noqa: S311 - made-up data.
    matter, title, right, wrong = MATTERS[index % len(MATTERS)]
    opened = _morning() - timedelta(days=1 + index % DAYS) + timedelta(minutes=draw.randrange(480))
    missed, slow = draw.random() < 0.25, draw.random() < 0.2  # noqa: PLR2004 - made-up shares.
    corrected = missed and later and draw.random() < 0.7  # noqa: PLR2004
    unit = names[wrong if missed and not corrected else right]["zh-hans"]
    sent = opened + timedelta(minutes=10)
    closed = "" if slow or not later else _text(sent + timedelta(hours=20))
    due = _text(opened + timedelta(days=1)) if slow else ""
    signed = "" if slow else _text(sent + timedelta(hours=1 + corrected))
    return [
        f"示例{index + 1:04d}",
        title,
        matter,
        unit,
        _text(opened),
        _text(sent),
        signed,
        closed,
        int(corrected),
        due,
    ]


def _morning() -> datetime:
    return timezone.localtime(clock.now()).replace(hour=9, minute=0, second=0, microsecond=0)


def _text(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M}"
