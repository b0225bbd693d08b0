"""Template tags and filters that every template may use; docs/patterns.md shows each of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django import template
from django.forms import BoundField
from django.template.context import Context
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from groundplan.portal import worklists
from groundplan.portal.icons import ICONS, SHAPES

register = template.Library()


@register.filter
def label(texts: dict[str, str] | str | None) -> str:
    """The text of a ``{lang: text}`` label in the reader's language, else Chinese, else any."""
    if not texts:
        return ""
    if isinstance(texts, str):
        return texts
    return texts.get(get_language() or "zh-hans") or texts.get("zh-hans") or next(iter(texts.values()))


@register.filter
def as_json(value: Any) -> str:
    """A value as JSON text, for ``data-`` attributes; the template escapes it."""
    return json.dumps(value, ensure_ascii=False, default=str)


@register.simple_tag
def icon(name: str, text: str = "") -> SafeString:
    """A drawn sign; with ``text`` it is an image with that name, else it is decoration."""
    drawing = mark_safe(ICONS[name])  # noqa: S308 - our own constant drawings.
    if text:
        return format_html(
            '<svg class="gp-icon" width="16" height="16" viewBox="0 0 16 16" role="img" aria-label="{}">{}</svg>',
            text,
            drawing,
        )
    return format_html(
        '<svg class="gp-icon" width="16" height="16" viewBox="0 0 16 16" aria-hidden="true">{}</svg>', drawing
    )


@register.simple_tag
def chip(text: str, tone: str = "neutral") -> SafeString:
    """A state as shape, colour and text. Tones: neutral, info, active, good, warn, late, paused."""
    known = tone if tone in SHAPES else "neutral"
    drawing = mark_safe(ICONS[SHAPES[known]])  # noqa: S308 - our own constant drawings.
    return format_html(
        '<span class="gp-chip gp-{}">'
        '<svg class="gp-icon" width="16" height="16" viewBox="0 0 16 16" aria-hidden="true">{}</svg>{}</span>',
        known,
        drawing,
        text,
    )


@register.simple_tag
def when(moment: datetime | None, form: str = "full") -> SafeString:
    """A time in the city's zone with its machine form; ``relative`` is refreshed by the portal island."""
    if moment is None:
        return mark_safe("—")
    local = timezone.localtime(moment)
    shapes = {"date": "%Y-%m-%d", "time": "%H:%M", "short": "%m-%d %H:%M"}
    text = local.strftime(shapes.get(form, "%Y-%m-%d %H:%M"))
    mark = mark_safe(" data-relative") if form == "relative" else ""
    return format_html(
        '<time datetime="{}" title="{}"{}>{}</time>',
        local.isoformat(timespec="seconds"),
        local.strftime("%Y-%m-%d %H:%M:%S"),
        mark,
        text,
    )


@register.inclusion_tag("portal/components/field.html")
def field(bound: BoundField, width: str = "") -> dict[str, Any]:
    """One field of a form: label, help, control, error; the control refers to help and error by ``aria-``."""
    widget = bound.field.widget
    kind = getattr(widget, "input_type", "select" if "Select" in type(widget).__name__ else "text")
    described = [f"{bound.id_for_label}-help"] if bound.help_text else []
    described += [f"{bound.id_for_label}-error"] if bound.errors else []
    css = {"checkbox": "form-check-input", "radio": "form-check-input", "select": "form-select"}.get(
        kind, "form-control"
    )
    refused = " is-invalid" if bound.errors else ""
    attributes: dict[str, str | bool] = {"class": f"{widget.attrs.get('class', '')} {css}{refused}".strip()}
    if described:
        attributes["aria-describedby"] = " ".join(described)
    if bound.errors:
        attributes["aria-invalid"] = "true"
    grouped = type(widget).__name__ in {"RadioSelect", "CheckboxSelectMultiple"}
    return {
        "bound": bound,
        "kind": kind,
        "grouped": grouped,
        "width": width,
        "control": bound.as_widget(attrs=attributes) if not grouped else "",
    }


@register.inclusion_tag("portal/components/form_errors.html")
def form_errors(form: Any) -> dict[str, Any]:
    """The summary of what a form refused, with a link to each field."""
    return {"form": form, "faults": [bound for bound in form if bound.errors]}


@register.inclusion_tag("portal/components/clock.html")
def clock_bar(
    share: float | None, text: str, state: str = "running", due: datetime | None = None, label: str = ""
) -> dict[str, Any]:
    """The clock of a task or case.

    ``share`` is the used part of the time, 0 to 1 or more; ``text`` says what remains in work time; ``state`` is
    running, near, overdue, paused, done or missing (no calendar for the year).
    """
    tones = {
        "running": "info",
        "near": "warn",
        "overdue": "late",
        "paused": "paused",
        "done": "good",
        "missing": "warn",
    }
    used = round(min(max(share or 0.0, 0.0), 1.0) * 100)
    return {"used": used, "text": text, "state": state, "tone": tones.get(state, "info"), "due": due, "label": label}


@register.inclusion_tag("portal/components/pager.html", takes_context=True)
def pager(context: Context, page: Any, name: str = "after") -> dict[str, Any]:
    """Links to the first and the next page of a list by key; ``page.next`` is the cursor of the next."""
    request = context.get("request")
    query = request.GET.copy() if request else None
    first = following = ""
    if query is not None:
        at_first = not query.pop(name, None)
        first = "" if at_first else f"?{query.urlencode()}"
        if getattr(page, "next", None):
            query[name] = str(page.next)
            following = f"?{query.urlencode()}"
    return {"first": first, "following": following, "shown": len(page.items)}


@register.inclusion_tag("portal/components/tabs.html")
def tabs(items: list[Mapping[str, Any]], title: str) -> dict[str, Any]:
    """Links that look like tabs; each item has ``url``, ``text``, ``current`` and perhaps ``count``."""
    return {"items": items, "title": title}


@register.inclusion_tag("portal/components/tile.html")
def stat_tile(  # noqa: PLR0917 - templates read better without the names.
    text: str, value: Any, unit: str = "", tone: str = "", note: str = "", url: str = ""
) -> dict[str, Any]:
    """One figure with its name, unit and a remark."""
    return {"text": text, "value": value, "unit": unit, "tone": tone, "note": note, "url": url}


@register.inclusion_tag("portal/components/empty.html")
def empty_state(title: str, text: str = "", url: str = "", action: str = "") -> dict[str, Any]:
    """What a list says when there is nothing in it, and what to do then."""
    return {"title": title, "text": text, "url": url, "action": action}


@register.simple_tag(takes_context=True)
def saved_filters(context: Context, name: str) -> SafeString:
    """The kept filters of a list, and the form that keeps the present one; nothing where no app keeps them."""
    part = worklists.registry.bar(context["request"], name)
    return mark_safe(render_to_string(part[0], part[1], context["request"])) if part else SafeString("")  # noqa: S308 - a template's output.


@register.simple_tag(takes_context=True)
def bulk_bar(context: Context, name: str) -> SafeString:
    """The form that handles the chosen rows of a list together; nothing where no app does."""
    part = worklists.registry.bulk(context["request"], name)
    return mark_safe(render_to_string(part[0], part[1], context["request"])) if part else SafeString("")  # noqa: S308 - a template's output.
