"""The servers that a part of the tests needs, on loopback."""

import os
import socket

PORTS = {"PostgreSQL": 5432, "Redis": 6379, "RabbitMQ": 5672}
DEMANDED = os.environ.get("XINQIAO_TEST_SERVICES") == "1"


def answers(service: str) -> bool:
    """Whether something listens on the service's port."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", PORTS[service])) == 0


def absent_line() -> str:
    """One line about what is not there; empty when all answer."""
    absent = [f"{service}（127.0.0.1:{port}）" for service, port in PORTS.items() if not answers(service)]
    return f"服务测试：{'、'.join(absent)} 没有应答，相关测试{'失败' if DEMANDED else '跳过'}。" if absent else ""
