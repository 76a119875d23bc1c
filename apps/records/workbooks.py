"""Workbooks of data quality: the correction of 重错码 out and in, and the monthly bulletin.

Every delivered text is written as text, so that none of it becomes a formula.
"""

from collections.abc import Iterable, Mapping, Sequence
from io import BytesIO
from typing import Any, BinaryIO, Final
from zipfile import BadZipFile

import xlsxwriter
from python_calamine import CalamineError, CalamineWorkbook

from apps.core.errors import InvalidInput
from apps.records.code_faults import FLAGS, KINDS
from apps.records.models import CodeFault, CorrectionRound
from apps.records.services import Line

FAULT_NO, CODE, FLAG, OTHER_CODE = "问题编号", "统一社会信用代码", "数据操作标识位", "新赋或保留的代码"
_HEADINGS: Final = (FAULT_NO, "问题类型", CODE, "主体名称", "登记或报送单位", "问题说明", "处理办法", FLAG, OTHER_CODE)
_SHEET: Final = "重错码更正"
_OPTIONS: Final = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
MOST_LINES: Final = 100_000
MOST_BYTES: Final = 20_000_000


def correction_workbook(faults: Iterable[CodeFault], correction_round: CorrectionRound) -> bytes:
    """The open faults, to be filled with a flag and, for 0 and 1, a code."""
    buffer = BytesIO()
    with xlsxwriter.Workbook(buffer, _OPTIONS) as book:
        sheet = book.add_worksheet(_SHEET)
        bold, filled = book.add_format({"bold": True}), book.add_format({"bg_color": "#FFF6DD", "num_format": "@"})
        for column, heading in enumerate(_HEADINGS):
            sheet.write_string(0, column, heading, bold)
        number = 0
        for number, fault in enumerate(faults, start=1):
            kind = KINDS[fault.kind]
            source = str(fault.source) if fault.source else ""
            texts = (str(fault.pk), kind.label, fault.code, fault.name, source, fault.detail, kind.next_step)
            for column, text in enumerate(texts):
                sheet.write_string(number, column, text)
            for column in (_HEADINGS.index(FLAG), _HEADINGS.index(OTHER_CODE)):
                sheet.write_blank(number, column, None, filled)
        flags = sorted(correction_round.accepts)
        if number:
            place = _HEADINGS.index(FLAG)
            sheet.data_validation(1, place, number, place, {"validate": "list", "source": flags})
        sheet.freeze_panes(1, 0)
        sheet.autofit()
        notes = book.add_worksheet("填写说明")
        taken = "、".join(f"{flag} {FLAGS[flag]}" for flag in flags)
        for row, text in enumerate(
            (
                f"{correction_round.name}：本轮接受 {taken}。",
                "0 新赋码：在“新赋或保留的代码”填写新的代码；原代码作为重错码保留在历史中。",
                "1 删除：一主体多码的，填写保留的代码；原代码的数据并入保留的代码。",
                "2 保持原码不变：确系登记机关原发的代码，不填写代码。",
                "不填标识位的行不作处理；请不要改动“问题编号”和“统一社会信用代码”两列。",
            )
        ):
            notes.write_string(row, 0, text)
        notes.set_column(0, 0, 90)
    return buffer.getvalue()


def read_corrections(stream: BinaryIO, size_bytes: int) -> list[Line]:
    """The lines of a correction workbook that came back, texts stripped. Raises InvalidInput for another file."""
    if size_bytes > MOST_BYTES:
        raise InvalidInput("文件超过20MB，请分份导入。")
    try:
        rows = CalamineWorkbook.from_filelike(stream).get_sheet_by_index(0).to_python()
    except (CalamineError, BadZipFile, OSError, ValueError) as error:
        raise InvalidInput("文件不能读取：请使用下载的更正表（.xlsx），填写后保存再导入。") from error
    heading = [_text(cell) for cell in rows[0]] if rows else []
    if missing := [name for name in (FAULT_NO, CODE, FLAG, OTHER_CODE) if name not in heading]:
        raise InvalidInput(f"第一行缺少“{'”“'.join(missing)}”列：请使用下载的更正表。")
    if len(rows) > MOST_LINES:
        raise InvalidInput(f"超过{MOST_LINES}行，请分份导入。")
    place = {name: heading.index(name) for name in (FAULT_NO, CODE, FLAG, OTHER_CODE)}
    return [
        Line(number, *(_text(row[place[name]]) for name in (FAULT_NO, CODE, FLAG, OTHER_CODE)))
        for number, row in enumerate(rows[1:], start=2)
        if any(_text(cell) for cell in row)
    ]


def _text(cell: Any) -> str:
    """A cell as typed: spreadsheets turn a flag into a number."""
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return str(cell).strip()


def bulletin_workbook(content: Mapping[str, Any]) -> bytes:
    """The bulletin as a workbook: the same content as the page and the PDF, figure by figure."""
    buffer = BytesIO()
    with xlsxwriter.Workbook(buffer, _OPTIONS) as book:
        bold = book.add_format({"bold": True})
        labels = [value["label"] for value in content["total"]]
        summary: list[Sequence[str]] = [
            (content["title"],),
            (f"统计截至{content['as_of_on']}，在{content['places']}个报送单位中列第{content['place']}位",),
            (),
            ("指标", "本月", "与上月相比"),
            *((value["label"], value["text"], value["change"] or "—") for value in content["total"]),
            (),
            ("重错码", "数量"),
            *((kind["label"], str(kind["count"])) for kind in content["codes"]["kinds"]),
            ("重错码率", content["codes"]["rate"], f"应低于{content['codes']['line']}"),
            (),
            ("部门间矛盾", "数量"),
            *((row["label"], str(row["count"])) for row in content["contradictions"]),
            (),
            ("请您办理",),
            *((text,) for text in content["advice"]),
        ]
        items: list[Sequence[str]] = [
            ("信息项", "更新频次", "报送份数", "数据行", "入库", "退回", "待处理", "断档", *labels),
            *(
                (
                    item["name"],
                    item["cadence"],
                    *(str(item[name]) for name in ("deliveries", "rows", "accepted", "rejected", "held")),
                    "、".join(item["gaps"]),
                    *(value["text"] for value in item["values"]),
                )
                for item in content["items"]
            ),
        ]
        overdue: list[Sequence[str]] = [
            ("逾期未报的信息项", "所属期", "期限"),
            *((row["item"], row["period"], row["due_on"]) for row in content["overdue"]),
        ]
        rules: list[Sequence[str]] = [
            ("指标", "单位", "口径", "依据"),
            *((row["label"], row["unit"], row["sentence"], row["source"]) for row in content["definitions"]),
            *((row["label"], "", row["text"], row["source"]) for row in content["lines"]),
        ]
        for title, rows in (("汇总", summary), ("分项", items), ("逾期", overdue), ("口径", rules)):
            sheet = book.add_worksheet(title)
            for number, row in enumerate(rows):
                for column, text in enumerate(row):
                    sheet.write_string(number, column, text, bold if number == 0 else None)
            sheet.autofit()
    return buffer.getvalue()
