"""What may pass between the zones about reports: these fields and no others."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, Base64Bytes, BaseModel, ConfigDict, Field

Label = dict[Annotated[str, Field(max_length=10)], Annotated[str, Field(max_length=200)]]
Short = Annotated[str, Field(max_length=300)]


class Passing(BaseModel):
    """A message between the zones; a field that is not named does not pass."""

    model_config = ConfigDict(extra="forbid")


class PassedFile(Passing):
    """A file of a report."""

    name: Short
    content: Base64Bytes


class PassedReport(Passing):
    """Inwards: a report as the resident made it."""

    id: UUID
    flow: Literal["hotline", "city-management"]
    text: Annotated[str, Field(max_length=20_000)]
    title: Short = ""
    type: Short = ""
    kind: Short = ""
    category: Short = ""
    component: Short = ""
    place_class: Short = ""
    place: Short = ""
    longitude: float | None = Field(default=None, ge=-180, le=180)
    latitude: float | None = Field(default=None, ge=-90, le=90)
    system: Short = "wgs84"
    reporter_name: Short = ""
    reporter_phone: Short = ""
    visitor: Short = ""
    reported_at: AwareDatetime
    files: list[PassedFile] = Field(default=[], max_length=9)


class PassedSupplement(Passing):
    """Inwards: what the resident adds."""

    report: UUID
    text: Annotated[str, Field(max_length=2000)]
    files: list[PassedFile] = Field(default=[], max_length=9)


class PassedRating(Passing):
    """Inwards: how the resident rates the handling."""

    report: UUID
    satisfaction: int = Field(ge=1, le=5)
    solved: bool
    note: Annotated[str, Field(max_length=2000)] = ""


class PassedMilestone(Passing):
    """One public line of the way of a report."""

    at: AwareDatetime
    label: Label


class PassedStatus(Passing):
    """Outwards: what the resident may see of a report. Of one whose type is hidden: only whether it is closed."""

    report: UUID
    state: Literal["open", "closed", "refused"]
    number: Short = ""
    stage: Label = {}
    unit: Label = {}
    due_at: AwareDatetime | None = None
    closed_at: AwareDatetime | None = None
    reply: Annotated[str, Field(max_length=20_000)] = ""
    milestones: list[PassedMilestone] = Field(default=[], max_length=100)
    may_rate: bool = False
    may_supplement: bool = False


class PassedCategory(Passing):
    """One category of the public list."""

    kind: Short
    code: Short
    group: Label
    label: Label
    words: list[Short] = []
    valid_from: Short
    valid_until: Short = ""
    position: int = 0


class PassedCategories(Passing):
    """Outwards: the city's categories, all of them."""

    rows: list[PassedCategory] = Field(max_length=5000)
