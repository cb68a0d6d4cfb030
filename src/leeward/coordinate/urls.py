from django.urls import path

from . import views
from .legal import views as legal

urlpatterns = [
    path("p/<str:code>/referrals/", views.referrals, name="referrals"),
    path("p/<str:code>/referrals/to/<uuid:agency>/", views.send, name="send_referral"),
    path("p/<str:code>/referrals/<uuid:referral>/", views.finish, name="finish_referral"),
    path("p/<str:code>/referrals/<uuid:referral>/remind/", views.remind, name="remind"),
    path("p/<str:code>/tell/", legal.tell, name="legal_tell"),
    path("asked/", legal.hand_in, name="legal_hand_in"),
    path("asked/passed-on/", legal.handed_in, name="legal_handed_in"),
    path("requests/", legal.requests, name="legal_requests"),
    path("requests/<str:reference>/", legal.one, name="legal_request"),
    path("requests/<str:reference>/answer/", legal.answer, name="legal_answer"),
    path("requests/<str:reference>/letter/", legal.letter, name="legal_letter"),
    path("inbox/", views.inbox, name="partner_inbox"),
    path("inbox/now/", views.inbox_now, name="inbox_now"),
    path("inbox/list/", views.shared_list, name="shared_list"),
    path("r/<str:reference>/", views.partner_referral, name="partner_referral"),
    path("r/<str:reference>/now/", views.referral_now, name="referral_now"),
]
