"""What the pages of identity share: forms whose refusals stand in the form."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django import forms
from django.utils.translation import get_language

from groundplan.lib.errors import GroundplanError


def offered(labels: Mapping[str, Mapping[str, str]] | Iterable[tuple[str, Mapping[str, str]]]) -> list[tuple[str, str]]:
    """A closed list as choices in the reader's language."""
    language = get_language() or "zh-hans"
    pairs = labels.items() if isinstance(labels, Mapping) else labels
    return [(name, texts.get(language, texts["en"])) for name, texts in pairs]


def tried(form: forms.Form, work: Callable[[dict[str, Any]], Any]) -> bool:
    """Do what a form asks for; a refusal becomes an error of the form."""
    if not form.is_valid():
        return False
    try:
        work(form.cleaned_data)
    except GroundplanError as error:
        form.add_error(None, " ".join(part for part in (error.detail, error.accepted, error.next_step) if part))
        return False
    return True
