"""Asking again that it is them, before something opens that they would not reach otherwise.

The one place that says what is asked for: today the password. Wrong ones count as they do at sign-in (K-03).
"""

from django.contrib.auth import authenticate
from django.http import HttpRequest

from leeward.protect.models import Account


def is_them(request: HttpRequest, password: str) -> bool:
    """Does this password belong to whoever is signed in?"""
    user = request.user
    return isinstance(user, Account) and authenticate(request, username=user.email, password=password) == user
