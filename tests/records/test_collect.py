"""`manage.py collect`: real files in real folders, whatever they are called and whenever the collector dies."""

import fcntl
import hashlib
import json
import os
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from apps.core.jobs import run_now
from apps.records.models import Delivery
from apps.records.services import folder
from apps.records.services.folder import Collector
from tests.records.support import registration_file

TEXT = registration_file("甲有限公司", "乙有限公司")


@pytest.fixture
def place(tmp_path: Path, source) -> Path:
    """The folder of the department's 登记注册."""
    path = tmp_path / "drop" / source.organization.name / "registration"
    path.mkdir(parents=True)
    return path


@pytest.fixture
def rounds(place, now):
    """A collector that looks; files are taken in the second look."""
    collector = Collector(place.parents[1])

    def look(times: int = 2) -> list[str]:
        return [line for _ in range(times) for line in collector.look(now)]

    look.collector = collector
    return look


def files_in(path: Path) -> list[str]:
    """Names in a folder, or none where it does not exist."""
    return sorted(entry.name for entry in path.iterdir()) if path.exists() else []


def drop(place: Path, name: str, text: str = TEXT) -> Path:
    """Put a file there."""
    (place / name).write_text(text, encoding="utf-8")
    return place / name


def test_a_file_is_taken_in_and_answered_with_a_receipt(place, rounds):
    drop(place, "登记注册.csv")
    assert rounds(1) == []
    (line,) = rounds(1)
    delivery = Delivery.objects.get()
    assert "登记注册.csv：已接收" in line
    assert (delivery.file_name, delivery.way_in, delivery.item.code) == ("登记注册.csv", "folder", "registration")
    assert files_in(place / "taken") == [f"{delivery.pk}-登记注册.csv"]
    assert rounds() == []
    run_now(delivery.job)
    (line,) = rounds(1)
    assert "已入库，读取2，入库2" in line
    kept = f"{delivery.pk}-登记注册.csv"
    assert files_in(place / "done") == [kept, f"{kept}.receipt.json"]
    assert (place / "done" / kept).read_text(encoding="utf-8") == TEXT
    receipt = json.loads((place / "done" / f"{kept}.receipt.json").read_text(encoding="utf-8"))
    assert receipt["delivery"] == delivery.pk
    assert receipt["counts"]["accepted"] == 2
    assert receipt["sha256"] == hashlib.sha256(TEXT.encode()).hexdigest()
    assert files_in(place) == ["done", "taken", "taking"]
    assert not rounds.collector.waits


@pytest.mark.parametrize("outer", ["name", "code"])
@pytest.mark.parametrize("inner", ["registration", "登记注册信息"])
def test_sender_and_item_go_by_name_or_code(tmp_path, source, now, outer, inner):
    source.organization.code = "11610305MB2A12345X"
    source.organization.save()
    path = tmp_path / getattr(source.organization, outer) / inner
    path.mkdir(parents=True)
    drop(path, "a.csv")
    collector = Collector(tmp_path)
    collector.look(now)
    collector.look(now)
    assert Delivery.objects.count() == 1


def test_a_file_that_still_grows_is_left_alone(place, rounds):
    path = drop(place, "a.csv")
    for number in range(3):
        assert rounds(1) == []
        path.write_text(TEXT + "\n" * (number + 1), encoding="utf-8")
    assert rounds(1) == []
    assert len(rounds(1)) == 1


def test_a_file_that_grows_while_it_is_read_goes_back(place, rounds, monkeypatch):
    drop(place, "a.csv")
    receive = folder.receive_delivery

    def slow(**values):
        with (place / "taking" / "a.csv").open("a") as stream:
            stream.write("\n")
        return receive(**values)

    monkeypatch.setattr(folder, "receive_delivery", slow)
    assert "仍在写入" in rounds()[0]
    assert not Delivery.objects.exists()
    assert files_in(place / "taking") == []
    monkeypatch.undo()
    assert "已接收" in rounds()[0]


@pytest.mark.parametrize("name", [".hidden.csv", "a.csv.part", "a.tmp", "~$a.xlsx", "a.csv.manifest.json"])
def test_unfinished_and_hidden_files_wait(place, rounds, name):
    drop(place, name)
    assert rounds(3) == []
    assert name in files_in(place)


def test_a_manifest_goes_with_its_file(place, rounds):
    digest = hashlib.new("sm3", TEXT.encode()).hexdigest()
    told = {
        "sequence": 4,
        "declared_rows": 2,
        "digest": f"sm3:{digest}",
        "period_from_on": "2026-10-01",
        "kind": "late",
    }
    drop(place, "a.csv.manifest.json", json.dumps(told))
    drop(place, "a.csv")
    rounds()
    delivery = Delivery.objects.get()
    assert (delivery.sequence, delivery.declared_rows, delivery.kind) == (4, 2, "late")
    run_now(delivery.job)
    rounds()
    assert files_in(place / "done") == [
        f"{delivery.pk}-a.csv",
        f"{delivery.pk}-a.csv.manifest.json",
        f"{delivery.pk}-a.csv.receipt.json",
    ]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('{"digest": "' + "0" * 64 + '"}', "SHA-256摘要与清单不符"),
        ('{"sequense": 1}', "没有“sequense”这一项"),
        ('{"sequence": "1"}', "应为整数"),
        ('{"sequence": 1, "sequence": 2}', "出现了两次"),
        ('{"period_to_on": "2026-13-01"}', "不是存在的日期"),
        ("[]", "一个 JSON 对象"),
        ("not json", "JSON 格式有误"),
        ("[" * 20_000, "嵌套层数过多"),
    ],
)
def test_a_manifest_that_does_not_fit_turns_the_file_away(place, rounds, text, sentence):
    drop(place, "a.csv.manifest.json", text)
    drop(place, "a.csv")
    (line,) = rounds()
    assert sentence in line
    assert not Delivery.objects.exists()
    assert files_in(place / "refused") == ["a.csv", "a.csv.manifest.json", "a.csv.receipt.json"]
    receipt = json.loads((place / "refused" / "a.csv.receipt.json").read_text(encoding="utf-8"))
    assert (receipt["state"], receipt["delivery"]) == ("not_received", None)
    assert sentence in receipt["refusal"]


def test_a_file_that_intake_refuses_is_put_among_the_refused(place, rounds):
    drop(place, "a.csv", "这不是表格\n")
    rounds()
    run_now(Delivery.objects.get().job)
    rounds()
    (kept, receipt) = files_in(place / "refused")
    assert kept.endswith("-a.csv")
    assert json.loads((place / "refused" / receipt).read_text(encoding="utf-8"))["state"] == "refused"


def test_the_same_bytes_again_change_nothing_and_overwrite_nothing(place, rounds):
    drop(place, "a.csv")
    rounds()
    run_now(Delivery.objects.get().job)
    rounds()
    drop(place, "a.csv")
    rounds(3)
    first, again = Delivery.objects.order_by("pk")
    assert (again.state, again.repeats) == ("repeated", first)
    assert len(files_in(place / "done")) == 4


@pytest.mark.parametrize(
    "name", ["社保\n.csv", "a\u202evsc.csv", "CON.csv", 'a";rm -rf.csv', "长" * 83 + ".csv", "-rf"]
)
def test_a_hostile_name_is_only_a_label(place, rounds, name):
    drop(place, name)
    rounds()
    delivery = Delivery.objects.get()
    run_now(delivery.job)
    rounds()
    assert len(files_in(place / "done")) == 2
    assert files_in(place) == ["done", "taken", "taking"]
    assert delivery.file_name.isprintable()


def test_a_name_in_another_encoding_is_read(place, rounds):
    path = os.path.join(os.fsencode(place), "登记.csv".encode("gb18030"))
    with open(path, "w", encoding="utf-8") as stream:
        stream.write(TEXT)
    rounds()
    delivery = Delivery.objects.get()
    assert delivery.file_name == "登记.csv"
    run_now(delivery.job)
    rounds()
    assert files_in(place / "done") == [f"{delivery.pk}-登记.csv", f"{delivery.pk}-登记.csv.receipt.json"]


def test_links_and_pipes_are_never_read(place, rounds, tmp_path):
    secret = tmp_path / "secret.csv"
    secret.write_text(TEXT, encoding="utf-8")
    (place / "link.csv").symlink_to(secret)
    (place / "gone.csv").symlink_to(tmp_path / "nothing")
    os.mkfifo(place / "pipe.csv")
    lines = rounds()
    assert len(lines) == 3
    assert all("不是普通文件" in line for line in lines)
    assert not Delivery.objects.exists()
    assert secret.read_text(encoding="utf-8") == TEXT
    assert (place / "refused" / "link.csv").is_symlink()


def test_links_to_folders_are_not_followed(place, rounds, tmp_path):
    elsewhere = tmp_path / "elsewhere" / "registration"
    elsewhere.mkdir(parents=True)
    drop(elsewhere, "a.csv")
    (place.parents[1] / "链接").symlink_to(elsewhere.parent)
    assert rounds() == []
    (place / "refused").symlink_to(elsewhere)
    drop(place, "a.csv", "")
    assert len(rounds()) == 2
    assert files_in(elsewhere) == ["a.csv"]
    assert (place / "refused" / "refused").is_symlink()


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("无此单位/registration", "没有名称或代码为“无此单位”的报送单位"),
        ("{name}/no-such-item", "没有代码或名称为“no-such-item”的信息项"),
        ("{name}/power", "该单位不报送这一信息项"),
    ],
)
def test_a_wrong_folder_turns_its_files_away(tmp_path, source, now, path, sentence):
    place = tmp_path / path.format(name=source.organization.name)
    place.mkdir(parents=True)
    drop(place, "a.csv")
    collector = Collector(tmp_path)
    assert collector.look(now) == []
    (line,) = collector.look(now)
    assert sentence in line
    assert files_in(place / "refused") == ["a.csv", "a.csv.receipt.json"]


class Killed(BaseException):
    """The process is gone: nothing catches this."""


RENAMES = 3  # to taking, to taken, to done


@pytest.mark.parametrize("step", range(RENAMES * 2 + 2))
def test_a_collector_that_dies_anywhere_neither_loses_nor_doubles(place, now, monkeypatch, step):
    """It dies before or after the n-th step of the file's way; another one goes on."""
    drop(place, "a.csv.manifest.json", '{"sequence": 1}')
    drop(place, "a.csv")
    steps = iter(range(100))
    collecting = False

    def dying(act):
        def wrapped(*args, **values):
            # The worker that takes the delivery in renames files too, and is another process.
            if collecting and next(steps) == step:
                raise Killed
            return act(*args, **values)

        return wrapped

    monkeypatch.setattr(Path, "rename", dying(Path.rename))
    monkeypatch.setattr(Path, "replace", dying(Path.replace))
    monkeypatch.setattr(folder, "receive_delivery", dying(folder.receive_delivery))
    died = False
    for _ in range(8):
        collecting = True
        try:
            collector = Collector(place.parents[1])
            collector.look(now)
            collector.look(now)
        except Killed:
            died = True
        collecting = False
        for delivery in Delivery.objects.filter(state="received"):
            run_now(delivery.job)
    assert died
    assert Delivery.objects.filter(state="applied", accepted=2).count() == 1
    assert Delivery.objects.exclude(state__in=["applied", "repeated"]).count() == 0
    left = [path for path in place.rglob("*") if path.is_file() and not path.name.endswith((".json", ".part"))]
    assert [(path.parent.name, path.read_text(encoding="utf-8")) for path in left] == [("done", TEXT)]
    assert (left[0].parent / f"{left[0].name}.receipt.json").exists()


def test_the_command_takes_what_is_there_and_says_so(place):
    drop(place, "a.csv")
    out = StringIO()
    call_command("collect", str(place.parents[1]), "--once", "--settle", "0.05", "--wait", "0", stdout=out)
    assert "a.csv：已接收" in out.getvalue()
    assert "仍有文件在处理中" in out.getvalue()
    run_now(Delivery.objects.get().job)
    out = StringIO()
    call_command("collect", str(place.parents[1]), "--once", "--settle", "0.05", stdout=out)
    assert "已入库" in out.getvalue()
    assert "仍有" not in out.getvalue()


def test_two_collectors_do_not_fight(place):
    with (place.parents[1] / ".collect.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(CommandError, match="另一个采集进程"):
            call_command("collect", str(place.parents[1]), "--once", stdout=StringIO())
        # The lock goes with its process, however it ends.
        script = "import fcntl,sys; fcntl.flock(open(sys.argv[1]), fcntl.LOCK_EX | fcntl.LOCK_NB)"
        busy = subprocess.run([sys.executable, "-c", script, lock.name], check=False, capture_output=True)
        assert busy.returncode == 1


def test_a_folder_that_is_none_is_said_so(tmp_path, db):
    with pytest.raises(CommandError, match="没有这个文件夹"):
        call_command("collect", str(tmp_path / "nothing"))
