"""The web application for a server such as granian."""

import os

from django.core.wsgi import get_wsgi_application

from .memory import stays_in_memory

stays_in_memory()
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "leeward.platform.settings")
application = get_wsgi_application()
