from django.apps import AppConfig


class LearnConfig(AppConfig):
    name = "leeward.learn"
    label = "learn"
    default_auto_field = "django.db.models.UUIDField"
