"""Django's settings, all taken from the environment (docs/settings.md)."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from groundplan.config.logs import LOGGING  # noqa: F401 - Django reads it here.
from groundplan.lib.environment import read
from groundplan.lib.worktime import zone_of

BASE = Path(__file__).resolve().parents[1]
STATE = Path(read("GROUNDPLAN_STATE")).absolute()
PRODUCTION = read("GROUNDPLAN_MODE") == "production"
TESTING = read("GROUNDPLAN_MODE") == "test"


def kept_secret_key() -> str:
    """The secret key of the state folder, made at first use: the first start needs no preparation."""
    path = STATE / "keys" / "secret-key"
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        making = path.with_name(f"secret-key.{os.getpid()}")
        making.touch(mode=0o600)
        making.write_text(secrets.token_urlsafe(50))
        try:
            os.link(making, path)  # Of two first starts one wins, and both read its key.
        except FileExistsError:
            pass
        finally:
            making.unlink()
    return path.read_text()


SECRET_KEY = read("GROUNDPLAN_SECRET_KEY") or ("only-for-tests" * 4 if TESTING else kept_secret_key())
DEBUG = False
ALLOWED_HOSTS = read("GROUNDPLAN_HOSTS")

KERNEL = ["ledger", "events", "files", "places", "parties", "signin", "identity", "notices", "rules", "cases", "proofs"]
SYSTEMS = ("incidents", "linkage")
INSTALLED_APPS = [
    "django.contrib.auth",  # the User model is parties.User; no permissions of Django are used
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "axes",
    "procrastinate.contrib.django",
    "groundplan.portal",
    *(f"groundplan.kernel.{name}" for name in KERNEL if (BASE / "kernel" / name / "apps.py").exists()),
    *(
        f"groundplan.base.{name}"
        for name in ("catalogue", "lake", "registers")
        if (BASE / "base" / name / "apps.py").exists()
    ),
    *(
        f"groundplan.commons.{name}"
        for name in ("attached", "knowledge", "reports", "wall", "zones", "worklists")
        if (BASE / "commons" / name / "apps.py").exists()
    ),
    *(f"groundplan.systems.{name}" for name in SYSTEMS if (BASE / "systems" / name / "apps.py").exists()),
]


def database_from_url(url: str) -> dict[str, Any]:
    """Django's connection settings for a ``postgresql://user:password@host:port/name`` address."""
    parts = urlsplit(url)
    options: dict[str, Any] = {"application_name": "groundplan", **dict(parse_qsl(parts.query))}
    if options.pop("prepared_statements", "yes") != "no":  # "no" for a connection pooler that cannot carry them.
        options["prepare_threshold"] = 1
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.path.lstrip("/"),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "",
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": options,
        "TEST": {"TEMPLATE": os.environ.get("GROUNDPLAN_TEST_TEMPLATE", "template0")},
    }


DATABASES = {
    "default": database_from_url(os.environ.get("DATABASE_URL", "postgresql://groundplan@127.0.0.1:5432/groundplan"))
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "parties.User"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
if TESTING:
    PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = 0.25
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_DISABLE_ACCESS_LOG = True  # the log of this house records sign-ins, without addresses
AXES_VERBOSE = False
AXES_SENSITIVE_PARAMETERS = ["username", "next"]
AXES_USERNAME_CALLABLE = "groundplan.kernel.parties.access.signin.hashed_name"
AXES_LOCKOUT_CALLABLE = "groundplan.kernel.parties.access.signin.locked_out"
LOGIN_URL = "sign-in"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "front"

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "groundplan.portal.security.ContentSecurityPolicy",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "groundplan.kernel.parties.access.Actors",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "groundplan.portal.problems.Problems",
    "axes.middleware.AxesMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.i18n",
                "groundplan.portal.context.portal",
            ],
            "builtins": [
                "django.templatetags.i18n",
                "django.templatetags.static",
                "groundplan.portal.templatetags.portal",
            ],
        },
    },
]
ROOT_URLCONF = "groundplan.config.urls"
ASGI_APPLICATION = "groundplan.config.asgi.application"

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "简体中文"), ("en", "English")]
LANGUAGE_COOKIE_NAME = "language"
LOCALE_PATHS = [BASE / "lib" / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = read("GROUNDPLAN_TIME_ZONE") or zone_of(read("GROUNDPLAN_PROFILE"))

STATIC_URL = "/static/"
STATIC_ROOT = STATE / "static"
STATICFILES_DIRS: list[Path] = []
WHITENOISE_USE_FINDERS = True
MEDIA_ROOT = STATE / "files"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}

HTTPS = read("GROUNDPLAN_HTTPS")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
CSRF_TRUSTED_ORIGINS = [f"https://{'*' * host.startswith('.')}{host}" for host in ALLOWED_HOSTS] if HTTPS else []
LOGGING_CONFIG = None if TESTING else "logging.config.dictConfig"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_AGE = max(read("GROUNDPLAN_SESSION_HOURS"), 1) * 3600
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "groundplan.portal.problems.csrf_failure"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

GROUNDPLAN_PROFILE = read("GROUNDPLAN_PROFILE")
# Background jobs stand in the jobs module of each app.
PROCRASTINATE_AUTODISCOVER_MODULE_NAME = "jobs"
