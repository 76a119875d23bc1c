"""熔断: a source that keeps failing is left alone for a while, then asked once to see whether it is back. Pure."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

CLOSED, OPEN, HALF_OPEN = "closed", "open", "half_open"
LABELS: Final = {CLOSED: "正常", OPEN: "已熔断", HALF_OPEN: "试探中"}
# As long as a probe may take at most before another one may go out in its stead.
PROBE: Final = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Breaker:
    """Failures in a row, since when it is open, until when a probe is under way; instants of the machine."""

    failures: int = 0
    opened_at: datetime | None = None
    probe_until: datetime | None = None

    def state(self, at: datetime, cool_down: timedelta) -> str:
        """Closed; open; or half open: the rest is over and one question may go out."""
        if self.opened_at is None:
            return CLOSED
        return OPEN if at < self.opened_at + cool_down else HALF_OPEN

    def admitted(self, at: datetime, cool_down: timedelta) -> "Breaker | None":
        """The breaker once a question is let through; None when it must wait."""
        match self.state(at, cool_down):
            case "closed":
                return self
            case "half_open" if self.probe_until is None or self.probe_until <= at:
                return replace(self, probe_until=at + PROBE)
        return None

    def failed(self, at: datetime, failures_to_open: int) -> "Breaker":
        """After a failure: a failed probe opens it again at once."""
        failures = self.failures + 1
        opens = self.opened_at is not None or failures >= failures_to_open
        return Breaker(failures, at if opens else None)
