"""Template tags and filters that every template may use."""

from __future__ import annotations

from django import template
from django.utils.translation import get_language

register = template.Library()


@register.filter
def label(texts: dict[str, str] | str | None) -> str:
    """The text of a ``{lang: text}`` label in the reader's language, else Chinese, else any."""
    if not texts:
        return ""
    if isinstance(texts, str):
        return texts
    return texts.get(get_language() or "zh-hans") or texts.get("zh-hans") or next(iter(texts.values()))
