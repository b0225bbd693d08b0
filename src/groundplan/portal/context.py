"""What every template knows: navigation, language, demonstration mark."""

from __future__ import annotations

import os
from typing import Any

from django.http import HttpRequest

from groundplan.portal.navigation import registry


def portal(request: HttpRequest) -> dict[str, Any]:
    """Context of the layout."""
    entries = [entry for entry in registry.entries if entry.visible(request)]
    return {
        "navigation": entries,
        "reader_name": registry.reader_name(request),
        "demonstration": os.environ.get("GROUNDPLAN_MODE") == "demo",
    }
