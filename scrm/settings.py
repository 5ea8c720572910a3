"""The one settings file: typed, read from the environment, safe by default.

Production is the default. `SCRM_LOCAL_HTTP=1` is the single switch for plain HTTP on a loopback address.
"""

import os
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from celery.schedules import crontab, schedule
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = Path(os.environ.get("SCRM_DATA_DIR", BASE_DIR / ".scrm"))
LOCAL_HTTP = os.environ.get("SCRM_LOCAL_HTTP") == "1"
DEBUG = False

SECRET_KEY = os.environ.get("SECRET_KEY", "")
ALLOWED_HOSTS = [host for host in os.environ.get("SCRM_ALLOWED_HOSTS", "").split(",") if host]
if LOCAL_HTTP:
    if not set(ALLOWED_HOSTS) <= {"localhost", "127.0.0.1", "[::1]"}:
        raise ImproperlyConfigured("SCRM_LOCAL_HTTP=1 is for loopback only: unset SCRM_ALLOWED_HOSTS.")
    ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]"]
if not SECRET_KEY and os.environ.get("SCRM_BUILD") != "1":
    # Commands that touch no data (help, check, makemigrations) run without one; the web process refuses.
    SECRET_KEY = "unset-" + os.urandom(32).hex()


def database(url: str) -> dict[str, object]:
    """A Django database entry from `postgresql://user:password@host:port/name?option=value`."""
    parts = urlsplit(url)
    options = dict(parse_qsl(parts.query))
    host = options.pop("host", parts.hostname or "")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": host,
        "PORT": str(options.pop("port", parts.port or "")),
        # PostgreSQL plans the check of a foreign key once a connection, and may find a table that is still empty best
        # read by the tenant alone: what such a connection writes next costs the square of what is there
        "CONN_MAX_AGE": 5,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": options,
    }


_DATABASE_URL = os.environ.get("DATABASE_URL", "postgresql://scrm_app@127.0.0.1:5432/scrm")
DATABASES = {
    # run time: the app role, under row security
    "default": database(_DATABASE_URL),
    # migrations only: the role that owns the tables
    "owner": database(os.environ.get("DATABASE_OWNER_URL", _DATABASE_URL)),
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
REDIS_URL = os.environ.get("REDIS_URL", "redis://127.0.0.1:6379/0")
REDIS_PREFIX = os.environ.get("SCRM_REDIS_PREFIX", "scrm:")

INSTALLED_APPS = [
    "unfold.apps.BasicAppConfig",  # the console has a site of its own
    "django.contrib.admin.apps.SimpleAdminConfig",  # nothing registers itself
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "csp",
    "tenants",
    "contacts",
    "acquisition",
    "orders",
    "segments",
    "sop",
    "analytics",
    "scrm",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "tenants.middleware.LanguageMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "tenants.middleware.TenantMiddleware",
    "scrm.console.middleware.ZoneMiddleware",
]

ROOT_URLCONF = "scrm.urls"
CONSOLE_URLCONF = "scrm.console_urls"
WSGI_APPLICATION = "scrm.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.i18n",
            ],
        },
    },
]

AUTH_USER_MODEL = "tenants.User"
CSRF_FAILURE_VIEW = "tenants.api.problems.csrf_failure"
LOGIN_URL = "/login/"
LOGIN_REDIRECT_URL = "/"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", _("Chinese (simplified)")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale", BASE_DIR / "locale_unfold"]
FORMAT_MODULE_PATH = ["scrm.formats"]
TIME_ZONE = "UTC"
USE_TZ = True

UNFOLD = {
    "SITE_TITLE": "SCRM",
    "SITE_SYMBOL": "hub",
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    "BORDER_RADIUS": "5px",
}

STATIC_URL = "/static/"
STATIC_ROOT = Path(os.environ.get("SCRM_STATIC_ROOT", DATA_DIR / "static"))
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
WHITENOISE_MANIFEST_STRICT = False

# Transport security: everything on, except on a loopback address over plain HTTP.
SECURE_SSL_REDIRECT = not LOCAL_HTTP
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if os.environ.get("SCRM_BEHIND_PROXY") == "1" else None
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = not LOCAL_HTTP
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_AGE = 14 * 24 * 3600
SECURE_HSTS_SECONDS = 0 if LOCAL_HTTP else 365 * 24 * 3600
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = not LOCAL_HTTP
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
if LOCAL_HTTP:
    SILENCED_SYSTEM_CHECKS = ["security.W004", "security.W008", "security.W012", "security.W016"]
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        # Alpine evaluates expressions; inline scripts stay forbidden
        "script-src": [SELF, "'unsafe-eval'"],
        "style-src": [SELF],
        "style-src-attr": ["'unsafe-inline'"],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [SELF],
        "frame-ancestors": [NONE],
        "form-action": [SELF],
    }
}

MAX_BODY_BYTES = 5 * 1024 * 1024
DATA_UPLOAD_MAX_MEMORY_SIZE = MAX_BODY_BYTES + 1024
API_RATE_PER_MINUTE = int(os.environ.get("SCRM_API_RATE_PER_MINUTE", "1200"))
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["tenants.api.authentication.TenantAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["tenants.api.permissions.HasScope"],
    "DEFAULT_RENDERER_CLASSES": ["tenants.api.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["tenants.api.parsers.StrictJSONParser"],
    "DEFAULT_SCHEMA_CLASS": "tenants.api.schema.TenantSchema",
    "DEFAULT_METADATA_CLASS": None,
    "DEFAULT_THROTTLE_CLASSES": ["tenants.api.throttling.KeyThrottle"],
    "EXCEPTION_HANDLER": "tenants.api.problems.problem_response",
    "UNAUTHENTICATED_USER": None,
    "URL_FORMAT_OVERRIDE": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "SCRM API",
    "DESCRIPTION": """\
**Key.** Send `Authorization: Bearer scrm_…`. A key belongs to one tenant and may do what its scopes say.

**Pages.** A list answers `results` with `next` and `previous`: addresses to follow as they are, null at the ends.

**Errors.** `application/problem+json` (RFC 9457); `errors` point into the body or at a name of the query. Calls of
many rows answer one result for each row, in their order.

**Again.** A write with an `Idempotency-Key` is done once: the same key and body get the stored answer for 24 hours.
""",
    "VERSION": "1.0.0",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_URLCONF": "scrm.api_urls",
    "SCHEMA_PATH_PREFIX": r"/api/v1/",
    "POSTPROCESSING_HOOKS": [],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
}

CELERY_BROKER_URL = REDIS_URL
CELERY_BROKER_TRANSPORT_OPTIONS = {"global_keyprefix": REDIS_PREFIX}
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_DEFAULT_QUEUE = "default"
# touchpoints have workers of their own: whoever sends waits for a provider, and nobody else waits for that
CELERY_TASK_ROUTES = {
    "jobs.run": {"queue": "jobs"},
    "orders.*": {"queue": "ingest"},
    "segments.build": {"queue": "segments"},
    "segments.reconcile": {"queue": "segments"},
    "sop.run": {"queue": "touch"},
    "analytics.*": {"queue": "analytics"},
}
CELERY_BEAT_SCHEDULE = {
    "heartbeat": {"task": "scrm.heartbeat", "schedule": schedule(10), "options": {"expires": 10}},
    "contacts-prune": {"task": "contacts.prune", "schedule": schedule(3600), "options": {"expires": 3600}},
    "jobs-tick": {"task": "jobs.tick", "schedule": schedule(1), "options": {"expires": 1}},
    "jobs-expire": {"task": "jobs.expire", "schedule": schedule(60), "options": {"expires": 60}},
    "orders-tick": {"task": "orders.tick", "schedule": schedule(3), "options": {"expires": 3}},
    "segments-tick": {"task": "segments.tick", "schedule": schedule(1), "options": {"expires": 1}},
    # at night in China; UTC
    "segments-reconcile": {"task": "segments.reconcile", "schedule": crontab(hour="19", minute="30")},
    "sop-tick": {"task": "sop.tick", "schedule": schedule(1), "options": {"expires": 1}},
    "sop-dispatch": {"task": "sop.dispatch", "schedule": schedule(1), "options": {"expires": 1}},
    "sop-sweep": {"task": "sop.sweep", "schedule": schedule(60), "options": {"expires": 60}},
    "analytics-tick": {"task": "analytics.tick", "schedule": schedule(3), "options": {"expires": 3}},
}
CELERY_WORKER_QUEUES = "default,ingest,segments,analytics,jobs"
CELERY_TOUCH_QUEUES = "touch"

# long work, by kind: the dotted path of a class of the shape `tenants.jobs.JobKind`
JOB_KINDS = {
    "contacts.export": "scrm.contact_lists.export.ContactExport",
    "contacts.tag": "scrm.contact_lists.tagging.ContactTagging",
}

# how messages leave: a folder of sop/transports, or the dotted path of a class of that shape
SCRM_TRANSPORT = os.environ.get("SCRM_TRANSPORT", "simulator")
SCRM_SIMULATOR_URL = os.environ.get("SCRM_SIMULATOR_URL", "http://127.0.0.1:8090")
# touchpoints that are claimed, sent and settled together
TOUCH_BATCH = int(os.environ.get("SCRM_TOUCH_BATCH", "500"))
# how long a provider may take to answer a call; a batch is two calls
TOUCH_TIMEOUT_SECONDS = float(os.environ.get("SCRM_TOUCH_TIMEOUT_SECONDS", "20"))
# how long a worker that says nothing keeps a batch
TOUCH_LEASE_SECONDS = float(os.environ.get("SCRM_TOUCH_LEASE_SECONDS", "60"))
# the first pause after a try that the provider turned away
TOUCH_RETRY_SECONDS = float(os.environ.get("SCRM_TOUCH_RETRY_SECONDS", "30"))
if TOUCH_LEASE_SECONDS < 2.5 * TOUCH_TIMEOUT_SECONDS:
    raise ImproperlyConfigured("SCRM_TOUCH_LEASE_SECONDS must be 2.5 times SCRM_TOUCH_TIMEOUT_SECONDS or more.")
if not 1 <= TOUCH_BATCH <= 1_000:
    raise ImproperlyConfigured("SCRM_TOUCH_BATCH is a number from 1 to 1000.")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": os.environ.get("SCRM_LOG_LEVEL", "INFO")},
}
