"""Cities with queues of many cases, made inside the database: a department, its sections, an office that sees all."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

SECTIONS = 20
TITLES = 40_000
# Words as residents use them; those in front are met far more often.
ROADS = ["人民路", "解放路", "中山路", "建设大街", "滨河路", "学府路", "迎宾大道", "和平街", "朝阳路", "文化路"]
THINGS = ["路灯", "井盖", "垃圾桶", "共享单车", "行道树", "消防通道", "供水管道", "暖气", "噪音", "违章建筑",
          "人行道", "电梯", "健身器材", "污水", "广告牌", "护栏", "停车位", "充电桩", "公交站牌", "监控"]  # fmt: skip
FAULTS = ["不亮", "破损", "缺失", "占道", "堵塞", "扰民", "漏水", "倾斜", "无人清理", "长期未修", "影响通行", "有异味"]
PLACES = ["附近", "路口", "小区门口", "学校旁", "菜市场北侧", "地铁站出口", "医院对面", "广场东侧"]

CASES = """
INSERT INTO cases_case (
    public_id, number, flow_version_id, flow, stage, state, title, channel, subject, data, outputs, reporter,
    owner_party_id, opened_at, opened_by, outcome, supervised, reopened, divisions, district, version, search,
    limit_spans, clock_started_at, pauses, paused_for, due_at, calendar_missing, overdue, closed_at)
SELECT gen_random_uuid(), 'RX' || to_char(made.at, 'YYYYMMDD') || '-' || lpad(made.n::text, 8, '0'), %(version)s,
    'bench', 'handle', made.state, title.text, 'phone', '', '{"kind": "lamp"}', '{}', '',
    (%(sections)s::bigint[])[made.n %% 20 + 1], made.at, 'bench', '', 0, 0, '{}', '', 3,
    to_tsvector('simple', title.words || ' rx' || to_char(made.at, 'YYYYMMDD') || ' ' || lpad(made.n::text, 8, '0')),
    '5 work_days', made.at, '[]', CASE made.state WHEN 'suspended' THEN '["suspended"]' ELSE '[]' END::jsonb,
    made.at + interval '7 days', false, made.n %% 9 = 0,
    CASE made.state WHEN 'closed' THEN made.at + interval '3 days' END
FROM (
    SELECT n, timestamptz '2023-01-02 01:00+00' + n * (interval '1000 days' / %(count)s) AS at,
        CASE WHEN n %% 20 = 7 THEN 'suspended' WHEN n %% 20 = 13 THEN 'closed' ELSE 'open' END AS state,
        floor(%(titles)s * power(random(), 3))::int AS title
    FROM generate_series(1, %(count)s) AS n
) AS made JOIN bench_title AS title ON title.id = made.title
"""
TASKS = """
INSERT INTO cases_task (
    public_id, case_id, stage, key, kind, state, party_id, role, assignee, level, asks, opened_at, signed_at, done_at,
    done_by, outcome, sort_at, on_hold, escalation, version, limit_spans, clock_started_at, pauses, paused_for, due_at,
    calendar_missing, overdue)
SELECT gen_random_uuid(), about.id, 'handle', '', 'work', CASE about.state WHEN 'closed' THEN 'done' ELSE 'open' END,
    about.owner_party_id, 'handler', '', 0, '{}', about.opened_at, about.opened_at, about.closed_at, '', '',
    about.due_at, about.state = 'suspended', 0, 2, '5 work_days', about.opened_at, '[]', about.paused_for,
    about.due_at, false, about.overdue
FROM cases_case AS about
"""
# The owner, a section that handled it before, the department itself for every third, and the office that sees all.
INVOLVED = """
INSERT INTO cases_involvement (case_id, party_id, part, state, opened_at, done_at)
SELECT id, owner_party_id, 'owner', state, opened_at, closed_at FROM cases_case
UNION ALL
SELECT id, before, 'owner', state, opened_at, opened_at + interval '1 day' FROM (
    SELECT *, (%(sections)s::bigint[])[(id + 1 + id / 20 %% 19) %% 20 + 1] AS before FROM cases_case
) AS about WHERE before <> owner_party_id
UNION ALL
SELECT id, %(department)s, 'observer', state, opened_at, NULL FROM cases_case WHERE id %% 3 = 0
UNION ALL
SELECT id, %(office)s, 'observer', state, opened_at, NULL FROM cases_case
"""
FLOW = """
flow: bench
label: {zh-hans: 基准, en: Benchmark}
noun: {zh-hans: 工单, en: case}
fields: {kind: {type: string, label: {zh-hans: 类别, en: Kind}}}
start: handle
stages:
  handle:
    kind: task
    label: {zh-hans: 承办, en: Handling}
    owner: {party: department}
    outcomes: {done: {label: {zh-hans: 办结, en: Done}, to: closed}}
  closed: {kind: end, label: {zh-hans: 办结, en: Closed}, outcome: closed}
"""


def titles() -> Iterator[tuple[int, str, str]]:
    """Numbered titles with their words; early words of each list are met more often."""
    from groundplan.lib import search

    chance = random.Random(12345)  # noqa: S311 - sample words.

    def pick(words: list[str]) -> str:
        return words[int(len(words) * chance.random() ** 2)]

    for number in range(TITLES):
        road = f"{pick(ROADS)}{chance.randint(1, 400)}号"
        rare = f"{chr(0x5000 + number % 3000)}{chr(0x6000 + number % 2000)}" if number % 10 == 0 else ""
        text = f"{road}{pick(PLACES)}{pick(THINGS)}{pick(FAULTS)}{rare}"
        yield number, text, search.document(text)


def fill(count: int) -> None:
    """Fill the empty database that Django is connected to with so many cases."""
    from django.db import connection

    from groundplan.kernel.cases import actions
    from groundplan.kernel.parties.models import Party, Relation
    from groundplan.kernel.parties.queries import SYSTEM

    day = "2020-01-01"
    made = [("department", "office"), ("department", "department")]
    made += [("section", f"section-{number}") for number in range(SECTIONS)]
    parties = Party.objects.bulk_create(
        [Party(kind=kind, code=code, name={"zh-hans": code, "en": code}, valid_from=day) for kind, code in made]
    )
    office, department, *sections = parties
    Relation.objects.bulk_create(
        [Relation(kind="belongs_to", from_party=each, to_party=department, valid_from=day) for each in sections]
    )
    version = actions.import_flow(actor=SYSTEM, text=FLOW)
    given: dict[str, Any] = {
        "version": version.pk, "count": count, "titles": TITLES, "department": department.pk, "office": office.pk,
        "sections": [each.pk for each in sections],
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = off")
        cursor.execute("SELECT setseed(0.5)")
        cursor.execute("CREATE TEMPORARY TABLE bench_title (id int PRIMARY KEY, text text, words text)")
        with cursor.copy("COPY bench_title FROM STDIN") as copy:
            for row in titles():
                copy.write_row(row)
        for statement in (CASES, TASKS, INVOLVED):
            cursor.execute(statement, given)


def indexes_away(owner: Any, tables: tuple[str, ...]) -> list[str]:
    """Drop the indexes of tables that no constraint needs; give the statements that make them again."""
    rows = owner.execute(
        "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index "
        "WHERE indrelid = ANY(%s::regclass[]) AND NOT indisunique",
        [list(tables)],
    ).fetchall()
    for name, _definition in rows:
        owner.execute(f"DROP INDEX {name}")
    return [definition for _name, definition in rows]


def words_sought() -> dict[str, str]:
    """Searches: common words, two of them, one character, a rare word, a street and number, nothing at all."""
    return {
        "common": "路灯", "common phrase": "路灯不亮", "common words": "人民路 井盖", "one character": "灯",
        "seldom": "监控 有异味", "rare": chr(0x5000 + 70) + chr(0x6000 + 70), "street": "文化路 399号",
        "nothing": "路灯漏水暖气井盖", "number": "00004321", "old days": "rx2023", "one old day": "rx20230310",
    }  # fmt: skip
