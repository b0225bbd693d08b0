"""What an entry says (发改高技〔2017〕1272号 and DCAT-AP side by side), read strictly; pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, ValidationError, model_validator

Kind = Literal["dataset", "stream", "layer", "api", "check", "certificate", "model", "facility"]
Sharing = Literal["unconditional", "conditional", "not_shared"]
Openness = Literal["open", "conditional", "closed"]
Cycle = Literal[
    "realtime", "daily", "weekly", "monthly", "quarterly", "half_yearly", "yearly", "irregular", "once"
]  # fmt: skip
ElementType = Literal["text", "integer", "decimal", "date", "datetime", "boolean", "geometry", "binary"]
Personal = Literal["none", "personal", "sensitive"]
Grade = Literal["", "core", "important", "general4", "general3", "general2", "general1"]
Secrecy = Literal["none", "state", "work"]

MOST_ELEMENTS = 2000
MOST_EXTRA = 100
NO_CONTROL = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f]*$"
Line = Annotated[str, StringConstraints(strip_whitespace=True, max_length=300, pattern=NO_CONTROL)]
Long = Annotated[str, StringConstraints(strip_whitespace=True, max_length=8000, pattern=NO_CONTROL)]
Word = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120, pattern=NO_CONTROL)]
Lang = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[a-zA-Z0-9]{2,8})*$")]
_PLAIN = re.compile(r"[\W_]+")


def _labels(value: Any) -> Any:
    return {"zh-hans": value} if isinstance(value, str) else value


Labels = Annotated[dict[Lang, Line], BeforeValidator(_labels)]
LongLabels = Annotated[dict[Lang, Long], BeforeValidator(_labels)]


class Strict(BaseModel):
    """Unknown keys are errors: a misspelt key must not be silently ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ElementText(Strict):
    """A data item (数据项) of an entry.

    Args:
        name: as the city calls it, such as 统一社会信用代码.
        label: what it means, or its name in the other language.
        type: form of its values.
        required: whether it is always filled.
        personal: whether it is about a person.
        grade: GB/T 43697 level; empty while nobody has confirmed one.
        source: code of the unit that is its one source (数源部门).
    """

    name: Word
    label: Annotated[str, StringConstraints(strip_whitespace=True, max_length=200, pattern=NO_CONTROL)] = ""
    type: ElementType = "text"
    required: bool = False
    personal: Personal = "none"
    grade: Grade = ""
    source: Annotated[str, StringConstraints(strip_whitespace=True, max_length=64)] = ""


class Content(Strict):
    """What one version of an entry says; see docs/catalogue.md for each field."""

    title: Labels
    summary: LongLabels = {}
    kind: Kind = "dataset"
    shelf: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=64)]
    sharing: Sharing
    condition: Long = ""
    basis: Long = ""
    openness: Openness = "closed"
    open_condition: Long = ""
    cycle: Cycle
    form: Annotated[str, StringConstraints(strip_whitespace=True, max_length=40, pattern=NO_CONTROL)] = ""
    keywords: Annotated[tuple[Word, ...], Field(max_length=40)] = ()
    contact: Line = ""
    coverage: Line = ""
    period: Line = ""
    series: Line = ""
    derived_from: Annotated[tuple[Word, ...], Field(max_length=100)] = ()
    secrecy: Secrecy = "none"
    elements: Annotated[tuple[ElementText, ...], Field(max_length=MOST_ELEMENTS)] = ()
    extra: Annotated[dict[Word, Long], Field(max_length=MOST_EXTRA)] = {}

    @model_validator(mode="after")
    def _says_what_its_class_needs(self) -> Content:
        if not any(self.title.values()):
            raise ValueError("title: missing")
        if self.sharing == "conditional" and not self.condition:
            raise ValueError("condition: missing")
        if self.sharing == "not_shared" and not self.basis:
            raise ValueError("basis: missing")
        if self.openness == "conditional" and not self.open_condition:
            raise ValueError("open_condition: missing")
        seen: set[str] = set()
        for element in self.elements:
            key = plain_name(element.name)
            if key in seen:
                raise ValueError(f"elements: {element.name}")
            seen.add(key)
        return self

    @property
    def name(self) -> str:
        """The title in the city's language, or in any other."""
        return self.title.get("zh-hans") or next(text for text in self.title.values() if text)

    def texts(self) -> list[str]:
        """Every text that people wrote into it."""
        own = [*self.title.values(), *self.summary.values(), *self.keywords, self.condition, self.coverage, self.form]
        return [*own, *(text for each in self.elements for text in (each.name, each.label))]


def plain_name(name: str) -> str:
    """The form under which two units' names of one data item are the same.

    Example:
        >>> plain_name("统一社会信用代码（Ｕ）") == plain_name("统一社会信用代码 (u)")
        True
    """
    return _PLAIN.sub("", unicodedata.normalize("NFKC", name)).lower()[:120] or name.lower()[:120]


def read_content(given: Mapping[str, Any]) -> tuple[Content | None, list[dict[str, str]]]:
    """The content of a mapping, or what is wrong with it, place by place."""
    try:
        return Content.model_validate(given), []
    except ValidationError as error:
        return None, [_fault(each) for each in error.errors(include_url=False)][:100]


def _fault(each: Any) -> dict[str, str]:
    place = ".".join(str(part) for part in each["loc"])
    message = str(each["msg"]).removeprefix("Value error, ")
    if not place:
        place, _, message = message.partition(": ")
    return {"field": place, "reason": message}
