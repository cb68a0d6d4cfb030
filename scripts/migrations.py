"""Makes migrations for changed models, against an embedded server of its own in var/."""

import os
import sys
from pathlib import Path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "leeward.platform.settings")
os.environ.setdefault("LEEWARD_HOME", str(Path(__file__).parents[1] / "var" / "migrations"))
from leeward.platform import database

database.administrator_url(keep_running=True)
import django

django.setup()
from django.core.management import call_command

from leeward.platform.migrate import refresh_connections

database.prepare()
refresh_connections()
call_command("makemigrations", *sys.argv[1:], skip_checks=True)
