"""An OpenID Connect issuer in Django, with django-oauth-toolkit: django_issuer.py REDIRECT_URI METHOD.

It prints its address. The people are `ada` and `eve`, with the password `x`. METHOD is the only
accepted way to send the client secret. The claim `email` is in the ID token with
`client_secret_basic`, and only at the userinfo endpoint with `client_secret_post`.
"""

import os
import sys
from wsgiref.simple_server import WSGIRequestHandler, make_server

import django
from django.conf import settings
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from django.http import JsonResponse
from django.urls import include, path
from jwcrypto.jwk import JWK

redirect_uri, method = sys.argv[1:]
# The issuer listens on a loopback address without TLS.
os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"
sys.modules["django_issuer"] = sys.modules["__main__"]

LOGIN = "<form method=post>{% csrf_token %}{{ form }}</form>"
settings.configure(
    SECRET_KEY="of a test",
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF="django_issuer",
    INSTALLED_APPS=[
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
        "oauth2_provider",
    ],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django_issuer.only_one_method",
    ],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
    TEMPLATES=[
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "OPTIONS": {
                "loaders": [
                    ("django.template.loaders.locmem.Loader", {"registration/login.html": LOGIN}),
                    "django.template.loaders.app_directories.Loader",
                ]
            },
        }
    ],
    LOGIN_URL="/login",
    USE_TZ=True,
    OAUTH2_PROVIDER={
        "OIDC_ENABLED": True,
        "OIDC_RSA_PRIVATE_KEY": JWK.generate(kty="RSA", size=2048).export_to_pem(True, None).decode(),
        "OIDC_TOKEN_ENDPOINT_AUTH_METHODS_SUPPORTED": [method],
        "OAUTH2_VALIDATOR_CLASS": "django_issuer.Validator",
        "SCOPES": {"openid": "Sign in", "email": "Your address"},
    },
)
django.setup()

from django.contrib.auth.models import User  # noqa: E402: needs the settings
from django.contrib.auth.views import LoginView  # noqa: E402
from oauth2_provider.models import Application  # noqa: E402
from oauth2_provider.oauth2_validators import OAuth2Validator  # noqa: E402


class Validator(OAuth2Validator):
    oidc_claim_scope = OAuth2Validator.oidc_claim_scope | {"email_verified": "email"}

    def get_additional_claims(self, request):
        return {"email": request.user.email, "email_verified": request.user.username != "eve"}

    def get_oidc_claims(self, token, token_handler, request):
        claims = super().get_oidc_claims(token, token_handler, request)
        # Only the ID token has a handler.
        if method == "client_secret_post" and token_handler is not None:
            return {"sub": claims["sub"]}
        return claims


def only_one_method(answer):
    def middleware(request):
        if request.path == "/o/token/":
            sent = {
                "client_secret_basic": "HTTP_AUTHORIZATION" in request.META,
                "client_secret_post": "client_secret" in request.POST,
            }
            if [name for name, is_sent in sent.items() if is_sent] != [method]:
                return JsonResponse({"error": "invalid_client"}, status=401)
        return answer(request)

    return middleware


class Silent(WSGIRequestHandler):
    def log_message(self, *_):
        pass


urlpatterns = [
    path("login", LoginView.as_view()),
    path("o/", include("oauth2_provider.urls", namespace="oauth2_provider")),
]
call_command("migrate", verbosity=0)
for name in ["ada", "eve"]:
    User.objects.create_user(name, f"{name.capitalize()}@Example.org", "x")
Application.objects.create(
    client_id="gateway",
    client_secret="a secret / with & signs",
    client_type=Application.CLIENT_CONFIDENTIAL,
    authorization_grant_type=Application.GRANT_AUTHORIZATION_CODE,
    redirect_uris=redirect_uri,
    algorithm=Application.RS256_ALGORITHM,
)
server = make_server("127.0.0.1", 0, get_wsgi_application(), handler_class=Silent)
print(f"http://127.0.0.1:{server.server_port}/o", flush=True)
server.serve_forever()
