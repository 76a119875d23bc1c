"""Logs are JSON lines: nothing that somebody sent can forge a line of its own (pitfalls F39), and what a database error
quotes of a row stays out (F38).
"""

import re
from typing import Any, Final

import structlog

# PostgreSQL names the constraint in the first line; the values of the row follow in these.
_QUOTED: Final = re.compile(r"^(DETAIL|CONTEXT|HINT): .*$", re.MULTILINE)


def without_row_values(logger: Any, method: str, event: dict[str, Any]) -> dict[str, Any]:
    """Cut what a database error quotes of a row out of the traceback."""
    if isinstance(traceback := event.get("exception"), str):
        event["exception"] = _QUOTED.sub(r"\1: …", traceback)
    return event


_SHARED: Final[list[Any]] = [
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso"),
    structlog.processors.format_exc_info,
    without_row_values,
]

# For LOGGING["formatters"].
JSON_LINES: Final[dict[str, Any]] = {
    "()": structlog.stdlib.ProcessorFormatter,
    "foreign_pre_chain": _SHARED,
    "processors": [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        structlog.processors.JSONRenderer(),
    ],
}


def configure() -> None:
    """Send what structlog's loggers say through the loggers of the standard library."""
    structlog.configure(
        processors=[*_SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
