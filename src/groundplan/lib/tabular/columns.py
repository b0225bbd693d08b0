"""Which column of a table is which field: proposed by its header, corrected by a person."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

_STRIP = re.compile(r"[\s*＊:：()（）\[\]【】/、]+")


def propose_mapping(headers: Sequence[str], fields: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    """Field -> header, for each field whose usual names one header equals or, failing that, contains.

    Args:
        headers: as they stand in the file.
        fields: the usual names of each field.

    Returns:
        A proposal: each header serves one field at most.

    Example:
        >>> propose_mapping(["资料名称", "更新频率"], {"title": ("名称",), "cycle": ("更新频率",)})
        {'cycle': '更新频率', 'title': '资料名称'}
    """
    plain = {header: _STRIP.sub("", header.lower()) for header in headers if header}
    taken: dict[str, str] = {}
    used: set[str] = set()
    for exact in (True, False):
        for field, names in fields.items():
            if field in taken:
                continue
            for name in names:
                wanted = _STRIP.sub("", name)
                if not exact and len(wanted) < 2:  # noqa: PLR2004 - "x" is inside too many words.
                    continue
                match = next(
                    (h for h, text in plain.items() if h not in used and (text == wanted if exact else wanted in text)),
                    None,
                )
                if match is not None:
                    taken[field] = match
                    used.add(match)
                    break
    return taken
