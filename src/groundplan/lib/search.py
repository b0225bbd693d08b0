"""Full-text search in Chinese and English: texts are cut into words here, PostgreSQL only matches them ('simple')."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchQuery, SearchVectorField

_HAN = r"\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f"
_CHINESE = re.compile(f"[{_HAN}]")
_RUNS = re.compile(f"[{_HAN}]+|(?:(?![{_HAN}])[^\\W_])+")
LONGEST_WORD = 60

SearchColumn = SearchVectorField


def search_index(column: str, name: str) -> Any:
    """The index of a search column."""
    return GinIndex(fields=[column], name=name)


def tokens(text: str) -> list[str]:
    """Words of a text: pairs of neighbouring Chinese characters, single ones that stand alone, lower-case latin words.

    Full-width letters and digits count as their plain forms.

    Example:
        >>> tokens("路灯不亮 Ｎo.5 灯")
        ['路灯', '灯不', '不亮', 'no', '5', '灯']
    """
    found: list[str] = []
    for run in _RUNS.findall(unicodedata.normalize("NFKC", text)):
        if not _CHINESE.match(run):
            found.append(run.lower()[:LONGEST_WORD])
        elif len(run) == 1:
            found.append(run)
        else:
            found.extend(run[i : i + 2] for i in range(len(run) - 1))
    return found


def document(*texts: str) -> str:
    """The text to store: words of all texts and, so that one character can be sought too, each Chinese character."""
    words: dict[str, None] = {}
    for text in texts:
        plain = unicodedata.normalize("NFKC", text)
        words.update(dict.fromkeys(tokens(plain)))
        words.update(dict.fromkeys(_CHINESE.findall(plain)))
    return " ".join(words)


def vector_sql(parameter: str = "%s") -> str:
    """The SQL that makes the stored vector of a ``document``."""
    return f"to_tsvector('simple', {parameter})"


def query_sql(parameter: str = "%s") -> str:
    """The SQL that makes a query of ``query_text``."""
    return f"to_tsquery('simple', {parameter})"


def query_text(text: str) -> str:
    """The query for a text that somebody typed: all its words must occur; the last latin word may be unfinished.

    Returns:
        A tsquery text in which every word is quoted; empty when the text has no word.

    Example:
        >>> query_text("路灯 lamp")
        "'路灯' & 'lamp':*"
    """
    words = list(dict.fromkeys(tokens(text)))
    quoted = ["'" + word.replace("'", "''") + "'" for word in words]
    if words and words[-1].isascii() and words[-1].isalpha():
        quoted[-1] += ":*"
    return " & ".join(quoted)


def any_query_text(text: str, most: int = 200) -> str:
    """The query for a text of which any word may occur, such as what a caller says.

    Example:
        >>> any_query_text("路灯不亮")
        "'路灯' | '灯不' | '不亮'"
    """
    words = list(dict.fromkeys(tokens(text)))[:most]
    return " | ".join("'" + word.replace("'", "''") + "'" for word in words)


def matching(query: str) -> Any:
    """What a search column is compared with: ``filter(search=matching(query_text(text)))``."""
    return SearchQuery(query, config="simple", search_type="raw")
