"""Draws a sample of closed cases for audit (抽查) and opens the audits."""

from __future__ import annotations

import secrets
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from groundplan.kernel.cases import actions as cases
from groundplan.kernel.ledger.actions import record
from groundplan.kernel.parties import queries as parties
from groundplan.kernel.parties.queries import Actor
from groundplan.lib import clock
from groundplan.lib.errors import NotAllowed
from groundplan.systems.incidents import queries
from groundplan.systems.incidents.errors import DrawInvalid
from groundplan.systems.incidents.logic.sampling import digest, sample
from groundplan.systems.incidents.models import Draw, DrawnCase
from groundplan.systems.incidents.queries.hotline.audits import may_audit
from groundplan.systems.incidents.queries.hotline.replies import LABELS

FLOW = "hotline-audit"
LARGEST = 200
LONGEST_SEED = 80


@transaction.atomic
def draw_sample(*, actor: Actor, start: datetime, end: datetime, size: int, unit: str = "", seed: str = "") -> Draw:
    """Draw closed cases of the hotline for audit; each becomes a task of the hotline office's supervisors.

    Population, seed and size are kept and stand in the log, so that anybody can draw the same again.

    Args:
        actor: a dispatcher or supervisor of the hotline office; who draws does not audit.
        start: first moment of the period in which the cases were closed.
        end: first moment after it.
        size: how many, at most 200; fewer when there are fewer.
        unit: code of the unit that answers for the cases; all when empty.
        seed: a number drawn in public, for example; 128 random bits when empty.

    Raises:
        NotAllowed: the actor draws no samples.
        PartyNotFound: no unit has this code.
        DrawInvalid: nothing was closed in the period, or ``fields`` names what does not fit.
    """
    if not may_audit(actor):
        raise NotAllowed(_("只有热线办的派单、督办人员可以抽查。"))
    text = seed.replace("\x00", "").strip()
    if not 1 <= size <= LARGEST or start >= end or len(text) > LONGEST_SEED:
        raise DrawInvalid(
            _("抽查件数为 1 至 %(most)d，统计期须先起后止，种子不超过 %(long)d 字。")
            % {"most": LARGEST, "long": LONGEST_SEED},
            fields=[{"field": "size", "reason": f"1..{LARGEST}"}],
        )
    party = parties.party_by_code(unit) if unit else None
    rows = queries.population_of(start=start, end=end, unit=party)
    if not rows:
        raise DrawInvalid(_("该期间没有可抽查的已办结工单。"), fields=[{"field": "start", "reason": "empty"}])
    by_number = {row.number: row for row in rows}
    draw = Draw.objects.create(
        start=start, end=end, unit=party, population=sorted(by_number), digest=digest(by_number),
        seed=text or secrets.token_hex(16), seed_origin="given" if text else "random", size=min(size, len(by_number)),
        drawn_at=clock.now(), drawn_by=actor.actor_id,
    )  # fmt: skip
    drawn = sample(draw.population, seed=draw.seed, size=draw.size)
    answering = queries.standing_units([by_number[number].pk for number in drawn])
    for position, number in enumerate(drawn, start=1):
        about = by_number[number]
        answers = answering.get(about.pk)
        found = "；".join(LABELS[key]["zh-hans"] for key in queries.reply_findings(about))
        opened = cases.open_case(
            actor=actor,
            flow=FLOW,
            title=f"抽查 {number}",
            data={
                "kind": "audit", "about": number, "unit": answers.code if answers else None, "checked": found or None,
            },
            channel="officer",
            subject=f"case:{about.public_id}",
        )  # fmt: skip
        DrawnCase.objects.create(draw=draw, about=about, case=opened, unit=answers, position=position)
    record(
        actor=actor.actor_id,
        action="incidents.draw_sample",
        subject=f"draw:{draw.public_id}",
        data={
            "seed": draw.seed, "population": len(draw.population), "digest": draw.digest, "size": draw.size,
            "drawn": drawn, "unit": unit,
        },
    )  # fmt: skip
    return draw
