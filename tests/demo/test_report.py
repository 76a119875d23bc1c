import json
import socket

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from apps.demo.report import Report, Step, digests_below
from apps.demo.story import papers
from apps.demo.story.stage import Stage
from apps.demo.supervisor import PortTaken, require_free_port


def report_of(files):
    step = Step("归集信用信息", {"读取": 3, "入库": 2}, ["一行"], {"报送": "/records/"}, 1.2)
    return Report("2026-11-15", [step], files, 3.4)


def test_save_and_load_give_the_same_report(tmp_path):
    report = report_of({"a.csv": "0" * 64})
    report.save(tmp_path / "report.json")
    assert Report.load(tmp_path / "report.json") == report
    assert json.loads((tmp_path / "report.json").read_text())["steps"][0]["counts"]["读取"] == 3


def test_changed_files_names_what_is_gone_or_different(tmp_path):
    folder = tmp_path / "deliveries"
    folder.mkdir()
    for name in ("same.csv", "changed.csv", "gone.csv"):
        (folder / name).write_text(name)
    report = report_of(digests_below(tmp_path, folder))
    assert report.changed_files(tmp_path) == []
    (folder / "changed.csv").write_text("x")
    (folder / "gone.csv").unlink()
    assert report.changed_files(tmp_path) == ["deliveries/changed.csv", "deliveries/gone.csv"]


def test_lines_tell_every_count_and_link():
    text = "\n".join(report_of({}).lines())
    for part in ("业务日期 2026-11-15", "1. 归集信用信息", "入库：2", "一行", "→ 报送 /records/", "3.4 秒"):
        assert part in text


def test_a_taken_port_is_said_before_any_work():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(PortTaken):
            require_free_port(port)
        with pytest.raises(CommandError, match=rf"端口 {port} 已被占用 \(port taken\)"):
            call_command("demo", port=port)


def test_demo_never_runs_in_production(settings):
    settings.DEMO = False
    with pytest.raises(CommandError, match="production"):
        call_command("demo", no_serve=True)


def test_demo_never_drops_a_database_that_is_not_its_own(settings, monkeypatch):
    monkeypatch.delitem(connection.settings_dict, "EMBEDDED", raising=False)
    with pytest.raises(CommandError, match="DATABASE_URL"):
        call_command("demo", no_serve=True, fresh=True)


def test_a_missing_renderer_is_told_and_the_story_goes_on(cast, now, monkeypatch):
    monkeypatch.setattr(papers, "MAIN_FIRM", cast.owner.organization.code)
    monkeypatch.setattr("apps.reports.rendering.missing_library", lambda: "缺少系统库 Pango，请安装。")
    stage = Stage(supervisor=None, say=print)
    monkeypatch.setattr(Stage, "actor", lambda self, key: cast.bank_officer.actor)
    step = papers.print_the_report(stage)
    assert step.lines == stage.faults == ["缺少系统库 Pango，请安装。"]
