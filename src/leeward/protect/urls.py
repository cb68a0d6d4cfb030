from django.urls import path

from . import account_views, around_views, hidden_page, personal_key_page, taking_back, talk_views, views
from .odd_reading.page import odd_reading

urlpatterns = [
    path("staff/", account_views.staff, name="staff"),
    path("staff/ask/<str:kind>/", account_views.ask, name="ask_account"),
    path("staff/end/", account_views.end, name="end_work"),
    path("staff/request/<uuid:asked>/", account_views.request_page, name="account_request"),
    path("purpose/", taking_back.state_purpose, name="state_purpose"),
    path("inbox/confirm/<uuid:notice>/", taking_back.confirm, name="confirm_notice"),
    path("my-key/", personal_key_page.my_key, name="my_key"),
    path("privacy/", views.privacy, name="privacy"),
    path("privacy/reading/<uuid:odd>/", odd_reading, name="odd_reading"),
    path("p/<str:code>/permissions/", views.permissions, name="permissions"),
    path("p/<str:code>/permissions/<uuid:agency>/", talk_views.ask, name="ask_permission"),
    path("p/<str:code>/permissions/back/<uuid:grant>/", taking_back.take_back, name="take_back"),
    path("p/<str:code>/permissions/never/<uuid:restriction>/", views.lift_restriction, name="lift_restriction"),
    path("p/<str:code>/hidden/", hidden_page.hidden, name="hidden"),
    path("p/<str:code>/around/", around_views.around, name="around"),
    path("representatives/<uuid:proposed>/", around_views.decide, name="decide_representative"),
    path("around/<uuid:asked>/", around_views.decide_lift, name="decide_around"),
    path("privacy/shared/", views.disclosures, name="disclosures"),
    path("p/<str:code>/shared/", views.shared, name="shared"),
    path("p/<str:code>/hold/", views.legal_hold, name="legal_hold"),
    path("p/<str:code>/who-saw/", views.who_saw, name="who_saw"),
]
