"""The API of flows: versions, and migrations of running cases between them."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import HttpRequest
from ninja import Field, Router, Schema, Status

from groundplan.kernel.cases import actions
from groundplan.kernel.cases.api.schemas import Reason, actor_in
from groundplan.kernel.cases.errors import FlowRoleNeeded
from groundplan.kernel.cases.models import FlowMigration
from groundplan.kernel.cases.queries import migrating
from groundplan.kernel.parties.access import idempotent, signed_in

router = Router(auth=signed_in)
Number = Annotated[int, Field(ge=1, le=1_000_000)]
OFFICE = ("rule_editor", "data_office", "rule_approver")


class MappingIn(Schema):
    """Two versions, and the mapping between them as YAML."""

    from_version: Number
    to_version: Number
    mapping: Annotated[str, Field(max_length=100_000)] = ""


class MigrationIn(MappingIn):
    """What is proposed, and why."""

    reason: Reason


class MoveOut(Schema):
    """How many cases go from a stage to a stage."""

    from_stage: str
    to_stage: str
    cases: int


class StayOut(Schema):
    """A case that cannot move, and why."""

    number: str
    reasons: list[dict[str, str]]


class PlanOut(Schema):
    """What a migration would do; of the cases that stay the first 200 are listed."""

    moving: int
    staying: int
    moves: list[MoveOut]
    stays: list[StayOut]


class MigrationOut(Schema):
    """A migration of running cases."""

    id: UUID
    flow: str
    from_version: int
    to_version: int
    state: Literal["proposed", "approved", "done", "withdrawn"]
    mapping: dict[str, Any]
    reason: str
    moved: int
    left: int

    @staticmethod
    def of(found: FlowMigration) -> dict[str, Any]:
        """The migration as it is answered."""
        plain = ("state", "mapping", "reason", "moved", "left")
        return {
            "id": found.public_id,
            "flow": found.from_version.key,
            "from_version": found.from_version.number,
            "to_version": found.to_version.number,
            **{name: getattr(found, name) for name in plain},
        }


@router.post("/{slug:key}/dry-run", response=PlanOut, summary="What a migration of running cases would do")
def dry_run(request: HttpRequest, key: str, given: MappingIn) -> dict[str, Any]:
    """Every case that moves and every case that cannot, with the reason; nothing is changed."""
    _require_office(request)
    old, new, mapping = migrating.checked_mapping(key, given.from_version, given.to_version, given.mapping)
    plan = migrating.dry_run(old, new, mapping)
    return {
        "moving": plan.moving,
        "staying": plan.staying,
        "moves": [
            {"from_stage": before, "to_stage": after, "cases": count} for (before, after), count in plan.moves.items()
        ],
        "stays": [{"number": number, "reasons": reasons} for number, reasons in plan.stays],
    }


@router.get("/{slug:key}/migrations", response=list[MigrationOut], summary="Migrations of a flow")
def list_migrations(request: HttpRequest, key: str) -> list[dict[str, Any]]:
    """The last 50, newest first."""
    _require_office(request)
    migrating.versions_of(key)
    return [MigrationOut.of(each) for each in migrating.migrations_of(key)]


@router.post("/{slug:key}/migrations", response={201: MigrationOut}, summary="Propose a migration of running cases")
@idempotent
def propose(request: HttpRequest, key: str, given: MigrationIn) -> Status[dict[str, Any]]:
    """A second person approves it."""
    made = actions.propose_migration(
        actor=actor_in(request),
        key=key,
        from_number=given.from_version,
        to_number=given.to_version,
        mapping=given.mapping,
        reason=given.reason,
    )
    return Status(201, MigrationOut.of(made))


@router.post("/migrations/{uuid:migration_id}/approve", response=MigrationOut, summary="Approve a migration")
@idempotent
def approve(request: HttpRequest, migration_id: UUID) -> dict[str, Any]:
    """Its cases move from now on."""
    return MigrationOut.of(actions.approve_migration(actor=actor_in(request), migration=migration_id))


@router.post("/migrations/{uuid:migration_id}/withdraw", response=MigrationOut, summary="Withdraw a migration")
@idempotent
def withdraw(request: HttpRequest, migration_id: UUID) -> dict[str, Any]:
    """Nothing moves."""
    return MigrationOut.of(actions.withdraw_migration(actor=actor_in(request), migration=migration_id))


def _require_office(request: HttpRequest) -> None:
    if not actor_in(request).has_role(*OFFICE):
        raise FlowRoleNeeded(accepted=", ".join(OFFICE))
