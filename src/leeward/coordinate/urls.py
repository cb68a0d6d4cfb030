from django.urls import path

from . import views

urlpatterns = [
    path("p/<str:code>/referrals/", views.referrals, name="referrals"),
    path("p/<str:code>/referrals/to/<uuid:agency>/", views.send, name="send_referral"),
    path("p/<str:code>/referrals/<uuid:referral>/", views.finish, name="finish_referral"),
    path("p/<str:code>/referrals/<uuid:referral>/remind/", views.remind, name="remind"),
    path("inbox/", views.inbox, name="partner_inbox"),
    path("inbox/list/", views.shared_list, name="shared_list"),
    path("r/<str:reference>/", views.partner_referral, name="partner_referral"),
]
