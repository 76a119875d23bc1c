"""The Celery application. Importing it starts nothing; workers run `celery -A config.celery worker --pool threads`."""

import os

from celery import Celery

from apps.core import spool

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.dev")

spool.install()
app = Celery("xinqiao")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.set_default()
