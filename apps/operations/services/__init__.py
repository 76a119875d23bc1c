"""Acts that span apps: the first administrator, the night, jobs that are run again."""

from apps.operations.services.nights import begin_night, enqueue_step, retry_job, run_step
from apps.operations.services.operators import create_first_operator

__all__ = ["begin_night", "create_first_operator", "enqueue_step", "retry_job", "run_step"]
