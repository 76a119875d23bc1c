"""Where the district's deliveries lie."""

from pathlib import Path

from django.conf import settings


def delivery(name: str) -> Path:
    """A file below fixtures/demo/deliveries."""
    path: Path = settings.BASE_DIR / "fixtures" / "demo" / "deliveries" / name
    return path
