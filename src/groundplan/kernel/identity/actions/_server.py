"""Giving tokens: OAuth 2.0 client credentials, and the authorization code of OpenID Connect, on Authlib's grants."""

from __future__ import annotations

import datetime as dt
import hmac
import secrets
from collections.abc import Callable
from typing import Any

from authlib.integrations.django_oauth2 import AuthorizationServer, RevocationEndpoint
from authlib.integrations.django_oauth2.requests import DjangoOAuth2Payload, DjangoOAuth2Request
from authlib.oauth2 import OAuth2Error, OAuth2Request
from authlib.oauth2.rfc6749 import ClientMixin, grants
from authlib.oauth2.rfc6749.errors import InvalidRequestError
from authlib.oauth2.rfc6750 import BearerTokenGenerator
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oidc.core import UserInfo
from authlib.oidc.core.grants import OpenIDCode
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse

from groundplan.kernel.identity import queries
from groundplan.kernel.identity.actions import keys
from groundplan.kernel.identity.actions._hashes import secret_hash, token_hash
from groundplan.kernel.identity.models import Client, Code, Token
from groundplan.kernel.ledger import actions as ledger
from groundplan.kernel.parties.models import User
from groundplan.lib import clock

TOKEN_LIFE_S = 3600
CODE_LIFE = dt.timedelta(seconds=60)
# The prefix tells what a token opens: the API (a program's), or only what an application may know of a user.
PREFIXES = {"machine": "gpc_", "site": "gpi_"}
METHODS = ["client_secret_basic", "client_secret_post"]


class KnownClient(ClientMixin):  # type: ignore[misc]
    """A client in use, as Authlib asks about it."""

    def __init__(self, row: Client) -> None:
        self.row = row
        self.client_id = row.client_id

    def get_client_id(self) -> str:
        """Its id."""
        return self.client_id

    def get_default_redirect_uri(self) -> None:
        """None: the address is always named (RFC 9700, clause 2.1)."""

    def get_allowed_scope(self, scope: str | None) -> str:
        """What it gets of the scopes that it asks for; all it may have when a program names none."""
        asked = (scope or "").split() or (self.row.scopes if self.row.kind == "machine" else [])
        return " ".join(each for each in self.row.scopes if each in asked)

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        """Whether browsers may be sent there; compared letter by letter."""
        return redirect_uri in self.row.redirect_uris

    def check_client_secret(self, client_secret: str) -> bool:
        """Whether this is the secret, or the one before within its last hours."""
        given, now = secret_hash(client_secret), clock.world()
        known = [self.row.hashed]
        if self.row.previous_until and self.row.previous_until > now:
            known.append(self.row.previous)
        right = [hmac.compare_digest(bytes(each), given) for each in known if each]
        if not any(right):
            ledger.record(
                actor="system", action="identity.refuse_client", subject=f"client:{self.row.public_id}", data={}
            )
        return any(right)

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:  # noqa: ARG002 - Authlib's signature.
        """Only with its secret."""
        return method in METHODS

    def check_response_type(self, response_type: str) -> bool:
        """Only codes, and only to applications."""
        return self.row.kind == "site" and response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        """Programs by their secret, applications by a code; nobody gets a refresh token."""
        return grant_type == ("authorization_code" if self.row.kind == "site" else "client_credentials")


class ClientCredentials(grants.ClientCredentialsGrant):  # type: ignore[misc]
    """RFC 6749, clause 4.4."""

    TOKEN_ENDPOINT_AUTH_METHODS = METHODS


class AuthorizationCode(grants.AuthorizationCodeGrant):  # type: ignore[misc]
    """RFC 6749, clause 4.1: a code that opens once, within a minute."""

    TOKEN_ENDPOINT_AUTH_METHODS = METHODS

    def save_authorization_code(self, code: str, request: Any) -> Code:
        """Keep what the code stands for."""
        data, login = request.payload.data, request.user
        return Code.objects.create(
            found_by=token_hash(code), client=request.client.row, user=login.user,
            redirect_uri=request.payload.redirect_uri or "", scope=request.client.get_allowed_scope(request.scope),
            nonce=str(data.get("nonce", ""))[:300], challenge=data.get("code_challenge", ""),
            authenticated_at=login.at, methods=list(login.methods), expires_at=clock.world() + CODE_LIFE,
        )  # fmt: skip

    def query_authorization_code(self, code: str, client: KnownClient) -> GivenCode | None:
        """The code, held until the answer; one that comes twice ends what it had opened (clause 4.1.2)."""
        row = (
            Code.objects.select_for_update(of=("self",)).select_related("user")
            .filter(found_by=token_hash(code), client=client.row).first()
        )  # fmt: skip
        if row is None or row.expires_at <= clock.world():
            return None
        if row.used_at is not None:
            Token.objects.filter(code=row, revoked_at=None).update(revoked_at=clock.world())
            return None
        return GivenCode(row)

    def delete_authorization_code(self, authorization_code: GivenCode) -> None:
        """It opens no second time."""
        Code.objects.filter(pk=authorization_code.row.pk).update(used_at=clock.world())

    def authenticate_user(self, authorization_code: GivenCode) -> User | None:
        """Whose code it is, if the account still is in use."""
        user = authorization_code.row.user
        return user if user.is_active else None


class GivenCode:
    """A code as Authlib asks about it."""

    def __init__(self, row: Code) -> None:
        self.row = row
        self.code_challenge = row.challenge
        self.code_challenge_method = "S256" if row.challenge else None

    def get_redirect_uri(self) -> str:
        """Where the browser went with it."""
        return self.row.redirect_uri

    def get_scope(self) -> str:
        """What was granted."""
        return self.row.scope

    def get_nonce(self) -> str:
        """What the application sent along."""
        return self.row.nonce

    def get_auth_time(self) -> int:
        """When the user showed who they are."""
        return int(self.row.authenticated_at.timestamp())

    def get_amr(self) -> list[str]:
        """By what (RFC 8176)."""
        return list(self.row.methods)

    def get_acr(self) -> None:
        """Not told."""


class Challenge(CodeChallenge):  # type: ignore[misc]
    """RFC 7636 by SHA-256 only; whoever has no nonce must use it (RFC 9700, clause 2.1.1)."""

    DEFAULT_CODE_CHALLENGE_METHOD = "S256"
    SUPPORTED_CODE_CHALLENGE_METHOD = ["S256"]

    def validate_code_challenge(self, grant: Any, redirect_uri: str) -> None:
        """Refuse a request that has neither."""
        super().validate_code_challenge(grant, redirect_uri)
        data = grant.request.payload.data
        if not data.get("code_challenge") and not data.get("nonce"):
            raise InvalidRequestError("A code_challenge (S256) or a nonce is needed.", redirect_uri=redirect_uri)


class SignedIn(OpenIDCode):  # type: ignore[misc]
    """The ID token."""

    def exists_nonce(self, nonce: str, request: Any) -> bool:
        """A nonce opens once."""
        return Code.objects.filter(client__client_id=request.payload.client_id, nonce=nonce[:300]).exists()

    def resolve_client_private_key(self, client: KnownClient) -> Any:  # noqa: ARG002 - Authlib's signature.
        """Our key."""
        return keys.signing_key()

    def get_encode_header(self, client: KnownClient) -> dict[str, str]:  # noqa: ARG002
        """Which of our keys."""
        return {"alg": "RS256", "kid": keys.signing_key().thumbprint()}

    def get_compatible_claims(self, request: Any) -> dict[str, Any]:
        """Who says it to whom and until when, by the clock of the world."""
        now = int(clock.world().timestamp())
        audience = [request.client.get_client_id()]
        return {"iss": queries.issuer(request._request), "aud": audience, "iat": now, "exp": now + TOKEN_LIFE_S}  # noqa: SLF001

    def generate_user_info(self, user: User, scope: str) -> UserInfo:
        """What the application may know of the user."""
        raise NotImplementedError  # encode_id_token hands over the client as well.

    def encode_id_token(self, token: dict[str, Any], request: Any) -> str:
        """The signed token; the subject differs from application to application."""
        self.generate_user_info = lambda user, scope: UserInfo(  # type: ignore[method-assign]
            queries.told(request.client.row, user, scope)
        )
        return str(super().encode_id_token(token, request))


class Asked(DjangoOAuth2Request):  # type: ignore[misc]
    """A request as Authlib reads it; plain HTTP is refused in production (RFC 6749, clause 3.2)."""

    def __init__(self, request: HttpRequest) -> None:
        address = request.build_absolute_uri()
        if not settings.PRODUCTION and address.startswith("http:"):
            address = address.replace("http:", "https:", 1)
        OAuth2Request.__init__(self, method=request.method, uri=address, headers=request.headers)
        self.payload = DjangoOAuth2Payload(request)
        self._request = request


class Server(AuthorizationServer):  # type: ignore[misc]
    """Our tokens, kept as keyed hashes."""

    def __init__(self) -> None:
        super().__init__(None, None)
        life = lambda _client, _grant: TOKEN_LIFE_S  # noqa: E731
        self.register_token_generator("default", BearerTokenGenerator(_fresh, None, life))
        self.register_grant(ClientCredentials)
        self.register_grant(AuthorizationCode, [Challenge(required=True), SignedIn()])
        self.register_endpoint(Revocation)

    def create_oauth2_request(self, request: HttpRequest) -> Asked:
        """What is asked."""
        return Asked(request)

    def query_client(self, client_id: str) -> KnownClient | None:
        """A client in use."""
        row = Client.objects.select_related("account").filter(client_id=client_id[:40], state="active").first()
        return KnownClient(row) if row else None

    def save_token(self, token: dict[str, Any], request: Any) -> None:
        """Keep a token's hash, with one record."""
        row, given = request.client.row, getattr(request, "authorization_code", None)
        made = Token.objects.create(
            found_by=token_hash(token["access_token"]), client=row, user=request.user or row.account,
            code=given.row if given else None, scope=token.get("scope", ""),
            expires_at=clock.world() + dt.timedelta(seconds=TOKEN_LIFE_S),
        )  # fmt: skip
        ledger.record(
            actor=made.user.actor_id, action="identity.issue_token", subject=f"client:{row.public_id}",
            data={"scope": made.scope},
        )  # fmt: skip


class Revocation(RevocationEndpoint):  # type: ignore[misc]
    """RFC 7009."""

    CLIENT_AUTH_METHODS = METHODS

    def query_token(self, token: str, _token_type_hint: str) -> GivenToken | None:
        """The token, if it is one of ours."""
        row = Token.objects.select_related("client").filter(found_by=token_hash(token)).first()
        return GivenToken(row) if row else None

    def revoke_token(self, token: GivenToken, _request: Any) -> None:
        """It opens nothing from now on."""
        if Token.objects.filter(pk=token.row.pk, revoked_at=None).update(revoked_at=clock.world()):
            subject = f"client:{token.row.client.public_id}"
            ledger.record(actor="system", action="identity.revoke_token", subject=subject, data={})


class GivenToken:
    """A token as Authlib asks about it."""

    def __init__(self, row: Token) -> None:
        self.row = row

    def check_client(self, client: KnownClient) -> bool:
        """Whether it is this client's."""
        return bool(self.row.client_id == client.row.pk)


def _fresh(client: KnownClient, **_asked: Any) -> str:
    return PREFIXES[client.row.kind] + secrets.token_urlsafe(32)


@transaction.atomic
def give_token(request: HttpRequest) -> HttpResponse:
    """Answer a request at the token endpoint; errors as RFC 6749, clause 5.2."""
    return _answered(lambda: SERVER.create_token_response(request))


@transaction.atomic
def take_back(request: HttpRequest) -> HttpResponse:
    """Answer a request at the revocation endpoint (RFC 7009)."""
    return _answered(lambda: SERVER.create_endpoint_response("revocation", request))


def _answered(work: Callable[[], Any]) -> HttpResponse:
    try:
        answer = work()
    except OAuth2Error as error:  # The request itself cannot be read.
        answer = SERVER.handle_error_response(None, error)
    return HttpResponse(answer.content, status=answer.status_code, headers=dict(answer.headers))


SERVER = Server()
