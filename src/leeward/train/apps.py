from django.apps import AppConfig


class TrainConfig(AppConfig):
    name = "leeward.train"
    label = "train"
    default_auto_field = "django.db.models.UUIDField"
