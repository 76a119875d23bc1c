"""Log lines are JSON, one an event, whatever is in them, and without the values of rows."""

import json
import logging
from io import StringIO

import pytest
import structlog
from django.conf import settings
from django.db import IntegrityError, connection, transaction


@pytest.fixture
def lines():
    """What the handler of the settings writes."""
    given = settings.LOGGING["formatters"][settings.LOGGING["handlers"]["stderr"]["formatter"]]
    out = StringIO()
    handler = logging.StreamHandler(out)
    handler.setFormatter(given["()"](**{name: value for name, value in given.items() if name != "()"}))
    logger = logging.getLogger("tests.logs")
    logger.addHandler(handler)
    logger.propagate = False
    yield lambda: [json.loads(line) for line in out.getvalue().splitlines()]
    logger.removeHandler(handler)
    logger.propagate = True


@pytest.mark.parametrize("text", ['a\n{"level": "info"}', "a\r\nb", "a\u2028b", "\u202egnp.exe", "\x1b[2J"])
def test_nothing_forges_a_line(lines, text):
    logging.getLogger("tests.logs").warning("Not Found: %s", text)
    structlog.get_logger("tests.logs").warning("not_found", path=text)
    plain, structured = lines()
    assert (plain["event"], plain["level"]) == (f"Not Found: {text}", "warning")
    assert (structured["event"], structured["path"]) == ("not_found", text)


def test_a_database_error_keeps_the_values_of_the_row_to_itself(lines, cast):
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("UPDATE accounts_organization SET kind = 'firm', subject_id = NULL")
    except IntegrityError:
        logging.getLogger("tests.logs").exception("job_failed")
    [line] = lines()
    assert "IntegrityError" in line["exception"]
    assert "organization_" in line["exception"]
    assert "岐丰农村商业银行" not in line["exception"]
