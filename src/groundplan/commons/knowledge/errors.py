"""What can go wrong with articles."""

from __future__ import annotations

from typing import ClassVar

from groundplan.lib.errors import Conflict, Invalid, NotAllowed, NotFound


class ArticleNotFound(NotFound):
    """No such article or version, or the reader may not see it."""

    code = "article-not-found"
    title: ClassVar[dict[str, str]] = {"zh-hans": "没有该知识条目", "en": "No such article"}


class ArticleInvalid(Invalid):
    """An article lacks what is needed; ``fields`` names each part, with the row of a file."""

    code = "article-invalid"
    title: ClassVar[dict[str, str]] = {"zh-hans": "知识条目填写有误", "en": "The article is not complete"}


class ArticleMoved(Conflict):
    """Somebody else was faster: the version is no longer a draft, or the article has ended."""

    code = "article-moved"
    title: ClassVar[dict[str, str]] = {"zh-hans": "知识条目已变化", "en": "The article has changed"}


class NeedsSecondPerson(NotAllowed):
    """Who wrote a version does not approve it."""

    code = "article-needs-second-person"
    title: ClassVar[dict[str, str]] = {"zh-hans": "须由另一人审核", "en": "Another person must approve"}
