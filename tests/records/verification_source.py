"""A source that answers verification questions: a real HTTP server on this machine, which misbehaves when told to."""

import contextlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from apps.records.verification.signing import ANSWER, REQUEST, Message, check, signed

KEY_ID, SECRET, NEXT_KEY_ID, NEXT_SECRET = "land-2026", b"s" * 32, "land-2027", b"t" * 32
PATH = "/verify?from=610305"
Act = Callable[["Handler", dict[str, Any]], None]


def answer_of(question: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A good answer in the form of file 18, dated with the day of the question."""
    good = {
        "requestId": question["requestId"],
        "uscc": question["uscc"],
        "name": question["name"],
        "hasRealEstate": "是",
        "mortgaged": "是",
        "sealed": "否",
        "verifiedOn": question["askedAt"][:10],
    }
    return good | changes


class Handler(BaseHTTPRequestHandler):
    """Checks the signature of every request, then does what the script says, the last step again and again."""

    server: "Source"
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        source = self.server
        nonce = check(
            Message(REQUEST, "POST", self.path, body),
            self.headers,
            secrets={KEY_ID: SECRET, NEXT_KEY_ID: NEXT_SECRET},
            algorithm=source.algorithm,
            at=datetime.now(UTC),
        )
        assert nonce not in source.nonces, "a nonce came twice"
        source.nonces.append(nonce)
        question = json.loads(body)
        source.asked.append(question)
        step = source.script[min(len(source.asked), len(source.script)) - 1]
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # the platform may well hang up
            step(self, question)

    def sign(self, status: int, body: bytes, **changes: Any) -> dict[str, str]:
        """The headers that prove an answer to the request at hand."""
        proof = {"key_id": KEY_ID, "secret": SECRET, "nonce": self.server.nonces[-1], "at": datetime.now(UTC)}
        message = Message(ANSWER, str(status), self.path, body)
        return signed(message, **{**proof, "algorithm": self.server.algorithm, **changes})

    def reply(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        """Send a whole answer."""
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), "Connection": "close", **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        """Say nothing."""


class Source(ThreadingHTTPServer):
    """`script`: what to do with the first, second, … request; `asked` and `nonces`: what came."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.script: list[Act] = [answers()]
        self.algorithm = "sha256"
        self.asked: list[dict[str, Any]] = []
        self.nonces: list[str] = []

    @property
    def address(self) -> str:
        """Where it is asked."""
        return f"http://127.0.0.1:{self.server_address[1]}{PATH}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A refused request closes its connection; the test sees what the platform makes of it."""


@contextmanager
def running() -> Iterator[Source]:
    """A source that runs until the end of the block."""
    source = Source()
    thread = threading.Thread(target=source.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield source
    finally:
        source.shutdown()
        source.server_close()
        thread.join()


def answers(signing: dict[str, Any] | None = None, **changes: Any) -> Act:
    """Answer well, but for changes of the answer and of its signature."""

    def act(handler: Handler, question: dict[str, Any]) -> None:
        body = json.dumps(answer_of(question, **changes), ensure_ascii=False).encode()
        handler.reply(200, body, handler.sign(200, body, **(signing or {})))

    return act


def says(body: bytes, status: int = 200, headers: dict[str, str] | None = None) -> Act:
    """Answer with these bytes, properly signed."""
    return lambda handler, question: handler.reply(status, body, handler.sign(status, body) | (headers or {}))


def unsigned(status: int, headers: dict[str, str] | None = None) -> Act:
    """Answer as a gateway in between would."""
    return lambda handler, question: handler.reply(status, b"{}", headers or {})


def sleeps(seconds: float) -> Act:
    """Answer, but too late."""

    def act(handler: Handler, question: dict[str, Any]) -> None:
        time.sleep(seconds)
        answers()(handler, question)

    return act


def drips(handler: Handler, question: dict[str, Any]) -> None:
    """Promise an answer and send it a byte at a time, never all of it."""
    handler.send_response(200)
    handler.send_header("Content-Length", "60000")
    handler.end_headers()
    for _ in range(200):
        handler.wfile.write(b" ")
        time.sleep(0.05)


def hangs_up(handler: Handler, question: dict[str, Any]) -> None:
    """Close the connection in the middle of the answer."""
    handler.send_response(200)
    handler.send_header("Content-Length", "500")
    handler.end_headers()
    handler.wfile.write(b'{"requestId"')
    handler.close_connection = True


def replays() -> Act:
    """Answer the first request well, every later one with the recorded first answer."""
    recorded: list[tuple[bytes, dict[str, str]]] = []

    def act(handler: Handler, question: dict[str, Any]) -> None:
        if not recorded:
            body = json.dumps(answer_of(question)).encode()
            recorded.append((body, handler.sign(200, body)))
        handler.reply(200, *recorded[0])

    return act
