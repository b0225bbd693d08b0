"""What is on account (挂账): the account of a case, who keeps it, how many there are."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import connection

from groundplan.kernel.cases.logic.flow import Flow
from groundplan.kernel.cases.models import Account, Case, Task
from groundplan.kernel.cases.queries import lists
from groundplan.kernel.cases.queries.scope import may
from groundplan.kernel.parties.queries import Actor


def account_of(case: Case) -> Account | None:
    """The account on which a case stands now."""
    return Account.objects.select_related("unit", "keeper").filter(case=case, ended_at=None).first()


def keeps(actor: Actor, account: Account, flow: Flow) -> bool:
    """Whether an actor reviews an account: of the unit that approved it, in the deciding role."""
    return actor.is_system or account.keeper_id in actor.unit_ids(flow.account.role)


def may_end(actor: Actor, account: Account, case: Case, flow: Flow, tasks: Sequence[Task]) -> bool:
    """Whether an actor may take a case off account: who keeps it, or the unit that can work on it again."""
    return keeps(actor, account, flow) or may(actor, "account", case, flow, tasks)


def accounts_count(actor: Actor, *, most: int) -> int:
    """How many cases in which an actor's own units have a part are on account, at most ``most``."""
    text, parameters = lists.involved_sql(lists.Filters(state="on_account"), column="opened_at", after=None)
    with connection.cursor() as cursor:
        cursor.execute(text, {**parameters, "parties": sorted(actor.unit_ids()), "size": most})
        return len(cursor.fetchall())
