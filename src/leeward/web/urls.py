from django.conf import settings
from django.urls import path
from django.views.i18n import set_language

from . import sign_in, style_guide

urlpatterns = [
    path("sign-in/", sign_in.sign_in, name="sign_in"),
    path("sign-out/", sign_in.sign_out, name="sign_out"),
    path("stay/", sign_in.stay, name="stay"),
    path("leave/", sign_in.leave, name="leave"),
    path("language/", set_language, name="set_language"),
    path("draft/", sign_in.keep_draft, name="keep_draft"),
]

if settings.DEMO:
    urlpatterns.append(path("style-guide/", style_guide.style_guide, name="style_guide"))
