"""Django's settings, from the environment and the installation's private folder. Safe by default."""

import os
from pathlib import Path

from leeward.home import home, secret

from .database import parameters


def _flag(name: str, default: bool) -> bool:
    return os.environ.get(name, "yes" if default else "no").lower() in {"1", "true", "yes", "on"}


class NotANumber(Exception):
    """A setting that must be a whole number from 1 on is none."""

    def __init__(self, name: str, usual: int) -> None:
        super().__init__(f"{name} is no whole number from 1 on.")
        self.hint = f"Leave it out, and it is {usual}."


def _number(name: str, usual: int, *, most: int | None = None) -> int:
    """What the site says, at most `most`: there it may only tighten what is usual. Raises NotANumber."""
    said = os.environ.get(name, str(usual)).strip()
    if not said.isdecimal() or int(said) < 1:
        raise NotANumber(name, usual)
    return int(said) if most is None else min(int(said), most)


DEMO = _flag("LEEWARD_DEMO", False)
DEBUG = False
SECRET_KEY = secret("django").hex()
LEEWARD_KEYRING = os.environ.get("LEEWARD_KEYRING", "")
LEEWARD_ERASURE_LEDGER = Path(os.environ.get("LEEWARD_ERASURE_LEDGER") or home() / "erasure-ledger.jsonl")
ALLOWED_HOSTS = os.environ.get("LEEWARD_HOSTS", "localhost,127.0.0.1,[::1]").split(",")
HTTPS = _flag("LEEWARD_HTTPS", not DEMO)

# Site settings (defaults of the design; how long a sign-in lasts a site may only tighten)
LEEWARD_SITE_NAME = os.environ.get("LEEWARD_SITE_NAME", "Center for Behavioral Health")
LEEWARD_IDLE_MINUTES = _number("LEEWARD_IDLE_MINUTES", 10, most=10)
LEEWARD_SESSION_HOURS = _number("LEEWARD_SESSION_HOURS", 12, most=12)
LEEWARD_PARTNER_HOURS = _number("LEEWARD_PARTNER_HOURS", 8, most=8)
LEEWARD_PROTOCOL = os.environ.get("LEEWARD_PROTOCOL", "human-trafficking-response")
LEEWARD_LAW = os.environ.get("LEEWARD_LAW", "mississippi")
#: For how many minutes a record may be opened in an emergency (at most 60), and which care roles may open one that is
#: hidden (none unless the site says so). The database holds both: `leeward migrate` after a change.
LEEWARD_EMERGENCY_MINUTES = _number("LEEWARD_EMERGENCY_MINUTES", 15)
LEEWARD_EMERGENCY_HIDDEN = [
    role.strip() for role in os.environ.get("LEEWARD_EMERGENCY_HIDDEN", "").split(",") if role.strip()
]
LEEWARD_CHECKPOINTS = [
    place.strip() for place in os.environ.get("LEEWARD_CHECKPOINTS", "").split(",") if place.strip()
] or [str(home() / "checkpoints")]
#: What counts as odd reading, for the privacy officer to look at (A-05): outside these hours of these days; so many
#: searches for people within an hour; and by somebody who for so many days has had no part in that person's care.
LEEWARD_WORK_DAYS = os.environ.get("LEEWARD_WORK_DAYS", "mon,tue,wed,thu,fri")
LEEWARD_WORK_HOURS = os.environ.get("LEEWARD_WORK_HOURS", "06:00-21:00")
LEEWARD_ODD_SEARCHES = _number("LEEWARD_ODD_SEARCHES", 15)
LEEWARD_ODD_IDLE_DAYS = _number("LEEWARD_ODD_IDLE_DAYS", 60)
#: Days between two sets of results, unless somebody publishes early on purpose (N-02).
LEEWARD_RELEASE_DAYS = _number("LEEWARD_RELEASE_DAYS", 28)
#: Days after which somebody hears that a partner has not confirmed a withdrawal.
LEEWARD_CONFIRM_DAYS = _number("LEEWARD_CONFIRM_DAYS", 3)
#: Days after which the words of a legal request that was answered with nothing are forgotten. The database holds them:
#: `leeward migrate` after a change.
LEEWARD_REQUEST_DAYS = _number("LEEWARD_REQUEST_DAYS", 365)
#: Days for which a database of known holes counts (O-02), and days to close a grave hole since it was published; a site
#: may only shorten these two.
LEEWARD_HOLES_DAYS = _number("LEEWARD_HOLES_DAYS", 7)
LEEWARD_CLOSE_CRITICAL_DAYS = _number("LEEWARD_CLOSE_CRITICAL_DAYS", 15, most=15)
LEEWARD_CLOSE_HIGH_DAYS = _number("LEEWARD_CLOSE_HIGH_DAYS", 30, most=30)
LEEWARD_DEMO_ACCOUNTS = home() / "demo-accounts.json"
#: Where *Leave now* goes, and the key that does the same when it is pressed three times: Shift, Escape or Control.
LEEWARD_LEAVE_TO = os.environ.get("LEEWARD_LEAVE_TO", "https://www.weather.gov/")
LEEWARD_LEAVE_KEY = os.environ.get("LEEWARD_LEAVE_KEY", "Shift")

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "django.forms",
    "django_htmx",
    "procrastinate.contrib.django",
    "axes",
    "leeward.people",
    "leeward.protect",
    "leeward.web",
]

# The rooms that have something in them
for _room in ("identify", "treat", "support", "coordinate", "train", "learn"):
    if (Path(__file__).parents[1] / _room / "apps.py").exists():
        INSTALLED_APPS.append(f"leeward.{_room}")

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "leeward.web.middleware.OnTheBeat",
    "leeward.web.middleware.NoTrace",
    "leeward.web.middleware.PlainErrors",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "leeward.web.middleware.Left",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "leeward.web.own_forms.OwnForms",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "leeward.protect.middleware.Asker",
    "leeward.protect.once.Once",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "leeward.platform.urls"
WSGI_APPLICATION = "leeward.platform.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "leeward.web.context.shell",
            ],
            "builtins": ["django.templatetags.i18n", "leeward.web.templatetags.leeward"],
        },
    }
]
FORM_RENDERER = "leeward.web.forms.Renderer"


#: By this name the database knows a connection of the web server, so that `leeward doctor` sees whether one runs.
SERVING = "leeward serve"


def _connection(role: str) -> dict[str, object]:
    known = parameters(role)
    # A page asks the same few statements, each under row security, which is slow to plan and quick to run: they stay
    # prepared. A pgbouncer older than 1.22 can't: LEEWARD_PREPARE=no. Values go beside a statement, never in its text,
    # which the same role reads in pg_stat_activity and the server writes to its log: else whoever runs SQL there would
    # have everybody's session token.
    beside = {"server_side_binding": True, "prepare_threshold": 5 if _flag("LEEWARD_PREPARE", True) else None}
    pooled = {"pool": {"min_size": 1, "max_size": 8, "timeout": 10}, "application_name": SERVING}
    serves = role in {"web", "signin"}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": known.get("dbname", ""),
        "USER": known.get("user", ""),
        "PASSWORD": known.get("password", ""),
        "HOST": known.get("host", ""),
        "PORT": known.get("port", ""),
        "CONN_MAX_AGE": 0,
        "CONN_HEALTH_CHECKS": True,  # one of the pool may have been ended, or its server have gone away, meanwhile
        "DISABLE_SERVER_SIDE_CURSORS": True,
        "OPTIONS": (pooled if serves and _flag("LEEWARD_POOL", False) else {"connect_timeout": 10})
        | (beside if serves else {}),
    }


# `default` is the web role: it owns nothing. `owner` migrates, `admin` prepares, neither serves a page.
DATABASES = {
    "default": _connection("web"),
    "signin": _connection("signin"),
    "reporter": _connection("reporter"),
    "worker": _connection("worker"),
    "auditor": _connection("auditor"),
    "owner": _connection("owner"),
    "admin": _connection("admin"),
}
# The queue's tables come with the other migrations; its tasks are all in `platform/jobs.py`.
PROCRASTINATE_DATABASE_ALIAS = "worker"
PROCRASTINATE_AUTODISCOVER_MODULE_NAME = None
DATABASE_ROUTERS = ["leeward.protect.routers.SignInRouter"]

AUTH_USER_MODEL = "protect.Account"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{rule}", "OPTIONS": options}
    for rule, options in (
        ("MinimumLengthValidator", {"min_length": 12}),
        ("CommonPasswordValidator", {}),
        ("NumericPasswordValidator", {}),
    )
]
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
LOGIN_URL = "/sign-in/"
LOGIN_REDIRECT_URL = "/"
# Slow down by account *and* source together, so that nobody can lock a colleague out (K-03).
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_CLIENT_IP_CALLABLE = "leeward.web.sources.source"
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = 5 / 60  # hours
AXES_LOCKOUT_CALLABLE = "leeward.web.sign_in.slowed_down"
AXES_VERBOSE = False
AXES_ENABLE_ADMIN = False
AXES_USERNAME_FORM_FIELD = "username"
SILENCED_SYSTEM_CHECKS = ["axes.W003"]

MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
SESSION_ENGINE = "leeward.protect.sessions"
SESSION_COOKIE_NAME = "__Host-session" if HTTPS else "session"
SESSION_COOKIE_SECURE = HTTPS
SESSION_COOKIE_SAMESITE = "Strict"
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
#: Set by the page that somebody left, in case the server does not hear of it (`web.middleware.Left`).
LEFT_COOKIE_NAME = "__Host-left" if HTTPS else "left"
CSRF_COOKIE_NAME = "__Host-form" if HTTPS else "form"
CSRF_COOKIE_SECURE = HTTPS
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_AGE = None
CSRF_COOKIE_SAMESITE = "Strict"
CSRF_FAILURE_VIEW = "leeward.web.errors.form_expired"
CSRF_TRUSTED_ORIGINS = [o for o in os.environ.get("LEEWARD_ORIGINS", "").split(",") if o]
SECURE_SSL_REDIRECT = HTTPS
LEEWARD_BEHIND_PROXY = _flag("LEEWARD_BEHIND_PROXY", False)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if LEEWARD_BEHIND_PROXY else None
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_REFERRER_POLICY = "no-referrer"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
    }
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_048_576
DATA_UPLOAD_MAX_NUMBER_FIELDS = 400

STATIC_URL = "/static/"
STATIC_ROOT = home() / "static"
STATIC_ROOT.mkdir(exist_ok=True)
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("es", "Español")]
LANGUAGE_COOKIE_NAME = "__Host-language" if HTTPS else "language"
LANGUAGE_COOKIE_SECURE = HTTPS
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Strict"
_checkout = Path(__file__).parents[3] / "locale"
LOCALE_PATHS = [_checkout if _checkout.is_dir() else Path(__file__).parents[1] / "_locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = os.environ.get("LEEWARD_TIME_ZONE", "America/Chicago")

# Logs carry times, error codes and case-free text: never a request's body, path parameters or a name.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"plain": {"()": "leeward.platform.logs.NoValues"}},
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["plain"]}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {
        "axes": {"level": "CRITICAL"},
        "django.request": {"level": "CRITICAL"},
        "psycopg.pool": {"level": "ERROR"},
        "django.security": {"level": "CRITICAL"},
    },
}
