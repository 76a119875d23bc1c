"""The embedded broker over a scratch folder: messages come whole, in order, and once."""

import threading

import pytest
from kombu import Connection, Exchange, Queue
from kombu.transport.virtual.base import Channel as VirtualChannel

from apps.core import spool

QUEUE = Queue("work", Exchange("work"), routing_key="work")


@pytest.fixture
def connection(tmp_path):
    (tmp_path / "queue").mkdir()
    spool.install()
    options = {
        "data_folder_in": str(tmp_path / "queue"),
        "data_folder_out": str(tmp_path / "queue"),
        "control_folder": str(tmp_path / "control"),
    }
    with Connection("spool://", transport_options=options) as opened:
        yield opened


def test_messages_come_back_whole_and_once(connection):
    queue = connection.SimpleQueue(QUEUE)
    for number in range(20):
        queue.put({"number": number, "text": "凤翔" * 1000})
    got = [queue.get(timeout=1).payload for _ in range(20)]
    assert sorted(message["number"] for message in got) == list(range(20))
    assert {message["text"] for message in got} == {"凤翔" * 1000}
    with pytest.raises(queue.Empty):
        queue.get_nowait()
    queue.close()


def test_a_message_has_no_name_until_it_is_complete(connection, tmp_path, monkeypatch):
    channel = connection.channel()
    names = []
    monkeypatch.setattr(
        spool, "dumps", lambda payload: names.extend(p.name for p in (tmp_path / "queue").iterdir()) or "{}"
    )
    channel._put("work", {})
    assert names == [] or all(name.endswith(".draft") for name in names)
    assert [p.suffix for p in (tmp_path / "queue").iterdir()] == [".msg"]


def test_two_that_declare_at_once_both_find_the_queue(connection):
    assert issubclass(spool.Channel, VirtualChannel)
    barrier = threading.Barrier(4)
    faults = []

    def declare(number):
        barrier.wait()
        try:
            connection.clone().channel()._queue_bind("work", "work", "", f"work{number}")
        except Exception as error:  # noqa: BLE001  (whatever it is, the test shows it)
            faults.append(error)

    threads = [threading.Thread(target=declare, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert {queue.queue for queue in connection.channel().get_table("work")} == {f"work{n}" for n in range(4)}
