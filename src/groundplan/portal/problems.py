"""Errors as answers: RFC 9457 problem details for the API, a page in the reader's language for browsers."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from typing import Any, ClassVar

from django.core.exceptions import DisallowedHost, PermissionDenied
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import get_template
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import get_language, gettext, gettext_lazy
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError

from groundplan.lib.errors import GroundplanError, Invalid, NotAllowed, NotFound

# What the database layer raises when there is no server to talk to, or it ended in the middle of it.
AWAY = (OperationalError, InterfaceError)
log = logging.getLogger(__name__)


def problem_response(error: GroundplanError) -> HttpResponse:
    """The problem document of an error as an HTTP answer."""
    return JsonResponse(
        error.problem(),
        status=error.status,
        content_type="application/problem+json",
        json_dumps_params={"ensure_ascii": False},
        headers=retry_header(error),
    )


def retry_header(error: GroundplanError) -> dict[str, str]:
    """When to come back (RFC 9110, clause 10.2.3), for errors that say so."""
    return {"Retry-After": str(error.extra["retry_after"])} if "retry_after" in error.extra else {}


# What happened and what to do, by status, when the error itself does not say.
TEACHING = {
    400: (
        gettext_lazy("请求不完整，服务器无法理解。"),
        gettext_lazy("返回上一页重新操作；如仍出现，请联系系统管理员。"),
    ),
    403: (
        gettext_lazy("您的账号没有打开此页或执行此操作的权限。"),
        gettext_lazy("如因工作需要，请向本单位的安全管理员申请相应角色。"),
    ),
    404: (
        gettext_lazy("没有这个页面，或者您无权知道它是否存在。"),
        gettext_lazy("检查地址或编号是否抄写完整；也可以从菜单重新进入。"),
    ),
    409: (
        gettext_lazy("您打开页面之后，其他人已经处理了这一步，您的操作没有执行。"),
        gettext_lazy("查看最新状态，再决定是否还需要操作。"),
    ),
    422: (gettext_lazy("填写的内容不符合要求，什么都没有保存。"), gettext_lazy("返回上一页，按提示更正后再提交。")),
    503: (
        gettext_lazy("系统正在恢复，操作没有完成，也没有保存一半的数据。"),
        gettext_lazy("请等待几秒后刷新页面或重新提交；同一操作不会执行两次。"),
    ),
    500: (
        gettext_lazy("服务器出错，操作没有完成，也没有保存一半的数据。"),
        gettext_lazy("请稍后再试；如仍出现，请把时间和地址告诉系统管理员。"),
    ),
}


class Faulty(GroundplanError):
    """The server failed; nothing was half done."""

    code = "server-error"
    status = 500
    title: ClassVar[dict[str, str]] = {"zh-hans": "服务器出错", "en": "The server failed"}


class DatabaseAway(GroundplanError):
    """The database does not answer: it is starting again, or cannot be reached. Nothing was half done."""

    code = "database-away"
    status = 503
    title: ClassVar[dict[str, str]] = {"zh-hans": "数据库暂时不可用", "en": "The database does not answer"}


def database_away() -> DatabaseAway:
    """The error for a database that does not answer, with the time after which it is worth asking again."""
    return DatabaseAway(next_step="Ask again, with the same Idempotency-Key: nothing is done twice.", retry_after=2)


class Refused(GroundplanError):
    """The request carried no valid form token, or could not be read."""

    code = "bad-request"
    status = 400
    title: ClassVar[dict[str, str]] = {"zh-hans": "请求无效", "en": "Bad request"}


def problem_page(request: HttpRequest, error: GroundplanError) -> HttpResponse:
    """The same error as a page that says what happened and what to do."""
    explanation, advice = TEACHING.get(error.status, TEACHING[400])
    context = {
        "error": error,
        "error_title": error.title.get(get_language() or "zh-hans", error.title["en"]),
        "explanation": explanation,
        "advice": advice,
        "back": came_from(request),
    }
    page = render(request, "portal/problem.html", context, status=error.status)
    for name, value in retry_header(error).items():
        page[name] = value
    return page


def came_from(request: HttpRequest) -> str:
    """The page of ours that led here, empty when there is none."""
    address = request.headers.get("Referer", "")
    try:
        ours = request.get_host()
    except DisallowedHost:
        # Asked for under a name that is not ours: this page says so, and leads nowhere.
        return ""
    return address if url_has_allowed_host_and_scheme(address, allowed_hosts={ours}) else ""


def answer(request: HttpRequest, error: GroundplanError) -> HttpResponse:
    """The error as a document for programs, as a page for people."""
    return problem_response(error) if request.path.startswith("/api/") else problem_page(request, error)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 - Django's signature.
    """Django's handler for 400."""
    return answer(request, Refused())


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001 - the same.
    """Django's handler for 403."""
    return answer(request, NotAllowed())


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 - the same.
    """Django's handler for 404."""
    return answer(request, NotFound())


def server_error(request: HttpRequest) -> HttpResponse:
    """Django's handler for 500; a page that needs no database when even the layout fails."""
    away = isinstance(sys.exc_info()[1], AWAY)
    return safely(request, database_away() if away else Faulty())


def safely(request: HttpRequest, error: GroundplanError) -> HttpResponse:
    """The error as an answer, or a plain page when the layout cannot be made."""
    try:
        return answer(request, error)
    except Exception:  # noqa: BLE001 - whatever failed may fail again; the logger has the first failure.
        plain = get_template("portal/fault.html").template.source  # type: ignore[attr-defined]
        return HttpResponse(plain, status=error.status, headers=retry_header(error))


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001 - Django's signature.
    """A form without a valid token: the page was open too long, or the form came from elsewhere."""
    return answer(
        request,
        Refused(
            gettext("页面停留过久或表单不是从本站提交，操作没有执行。"),
            next_step=gettext("返回上一页，刷新后重新提交。"),
        ),
    )


class Problems:
    """Turns a GroundplanError that leaves a page view into an answer."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Answer with the problem instead of raising it further."""
        if isinstance(exception, Http404):
            exception = NotFound()
        if isinstance(exception, PermissionDenied):
            exception = NotAllowed()
        if isinstance(exception, AWAY):
            log.warning("the database does not answer", exc_info=exception)
            return safely(request, database_away())
        if not isinstance(exception, GroundplanError):
            return None
        return answer(request, exception)


def install_handlers(api: NinjaAPI) -> None:
    """Make every error of the API a problem document."""

    def from_groundplan(request: HttpRequest, error: Any) -> HttpResponse:  # noqa: ARG001 - ninja's signature.
        return problem_response(error)

    def from_validation(request: HttpRequest, error: Any) -> HttpResponse:  # noqa: ARG001
        fields = [
            {"field": ".".join(str(part) for part in item["loc"]), "reason": item["msg"]} for item in error.errors
        ]
        return problem_response(Invalid("The request has fields that are not accepted.", fields=fields))

    def from_http(request: HttpRequest, error: Any) -> HttpResponse:  # noqa: ARG001
        made = GroundplanError(str(error))
        document = {**made.problem(), "status": error.status_code, "type": "about:blank"}
        return JsonResponse(document, status=error.status_code, content_type="application/problem+json")

    def from_missing(request: HttpRequest, error: Any) -> HttpResponse:  # noqa: ARG001
        return problem_response(NotFound())

    def from_anonymous(request: HttpRequest, error: Any) -> HttpResponse:  # noqa: ARG001
        document = NotAllowed("No one is signed in.", next_step="Sign in, or send an access token.").problem()
        return JsonResponse({**document, "status": 401}, status=401, content_type="application/problem+json")

    api.add_exception_handler(GroundplanError, from_groundplan)
    api.add_exception_handler(ValidationError, from_validation)
    api.add_exception_handler(HttpError, from_http)
    api.add_exception_handler(Http404, from_missing)
    api.add_exception_handler(AuthenticationError, from_anonymous)
