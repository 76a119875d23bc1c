"""Web processes: `gunicorn -c config/deploy/gunicorn.conf.py config.wsgi`."""

import os

bind = os.environ.get("XINQIAO_BIND", "127.0.0.1:8000")
workers = int(os.environ.get("WEB_CONCURRENCY") or 2 * (os.cpu_count() or 1))
# A page waits for the database, not for the processor; threads share a process's connections' memory.
threads = 4
# Long work is a job; a page that takes longer than this is a fault.
timeout = 60
graceful_timeout = 30
# Processes are replaced now and then, not all at once.
max_requests = 5_000
max_requests_jitter = 500
# Only the proxy on this machine may say which scheme and address the client used.
forwarded_allow_ips = "127.0.0.1,::1"
# Uploads are written to disk by nginx first; heartbeat files stay off the disk.
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: PTH112, S108
accesslog = None
errorlog = "-"
