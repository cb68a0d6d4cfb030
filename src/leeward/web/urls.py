from django.conf import settings
from django.urls import path
from django.views.i18n import set_language

from . import account_page, emergency_page, second_factor, sign_in, style_guide

urlpatterns = [
    path("sign-in/", sign_in.sign_in, name="sign_in"),
    path("sign-in/second/", second_factor.second_factor, name="second_factor"),
    path("sign-in/set-up/", second_factor.set_up, name="set_up"),
    path("sign-in/set-up/kept/", second_factor.codes_kept, name="codes_kept"),
    path("sign-in/invitation/", second_factor.invitation, name="invitation"),
    path("prove/", second_factor.prove, name="prove"),
    path("your-sign-in/", account_page.your_sign_in, name="your_sign_in"),
    path("your-sign-in/passkey/", account_page.new_passkey, name="new_passkey"),
    path("your-sign-in/app/", account_page.new_app, name="new_app"),
    path("your-sign-in/codes/", account_page.new_codes, name="new_codes"),
    path("your-sign-in/password/", account_page.new_password, name="new_password"),
    path("your-sign-in/remove/", account_page.remove, name="remove_factor"),
    path("your-sign-in/end/", account_page.end_session, name="end_session"),
    path("sign-out/", sign_in.sign_out, name="sign_out"),
    path("stay/", sign_in.stay, name="stay"),
    path("leave/", sign_in.leave, name="leave"),
    path("leaving/", sign_in.leaving, name="leaving"),
    path("language/", set_language, name="set_language"),
    path("urgent/", emergency_page.open_now, name="emergency"),
    path("urgent/<uuid:glass>/", emergency_page.review, name="emergency_review"),
    path("urgent/<uuid:glass>/close/", emergency_page.close, name="emergency_close"),
    path("draft/", sign_in.keep_draft, name="keep_draft"),
]

if settings.DEMO:
    urlpatterns.append(path("style-guide/", style_guide.style_guide, name="style_guide"))
