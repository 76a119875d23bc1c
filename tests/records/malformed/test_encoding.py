"""D1 to D10."""

import pytest

from apps.records.models import Delivery
from tests.records.conftest import Deliver
from tests.records.malformed.support import FIRST, GOOD, counts, refused, row, text

pytestmark = pytest.mark.django_db
PARTY = "法人及非法人组织"
RARE = "凤翔区𠮷㛃䶮有限公司"


@pytest.mark.parametrize(
    ("codec", "form"),
    [
        pytest.param("utf-8-sig", "UTF-8（带BOM）", id="D1"),
        pytest.param("utf-8", "UTF-8，", id="D2"),
        pytest.param("gbk", "GB18030", id="D3"),
        pytest.param("utf-16", "UTF-16，", id="D5"),
        pytest.param("utf-16-le", "UTF-16LE（无BOM）", id="D6"),
        pytest.param("utf-16-be", "UTF-16BE（无BOM）", id="D6 BE"),
    ],
)
def test_an_encoding_is_told_from_the_bytes(deliver: Deliver, registered: Delivery, codec: str, form: str) -> None:
    delivery = deliver(GOOD.encode(codec))
    assert counts(delivery) == (2, 0, 2, 0, 0, 0)
    assert form in delivery.form
    assert delivery.warned == 0


def test_characters_of_four_bytes_arrive(deliver: Deliver, registered: Delivery) -> None:
    from apps.records.models import PaymentRecord

    delivery = deliver(text(row(name=RARE, remark=RARE)).encode("gb18030"))
    assert (counts(delivery), delivery.tallies["warned"]) == ((1, 0, 1, 0, 0, 0), {"单位名称:name_differs": 1})
    assert PaymentRecord.objects.get().extra["remark"] == RARE


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        pytest.param(GOOD.encode() + row("202608").encode("gbk") + b"\n", "第4行", id="D7"),
        pytest.param(GOOD.encode("gbk") + row("202608").encode() + b"\n", "第4行", id="D7 GBK first"),
        pytest.param("統一社會信用代碼,單位名稱\n甲,乙\n".encode("big5"), "表头", id="D8 Big5"),
        pytest.param("código,año\nSeñor,ñ\n".encode("latin-1"), "文件编码无法识别", id="D8 Latin-1"),
        pytest.param(GOOD.encode()[:-1] + "好".encode()[:2], "第3行", id="D9 UTF-8"),
        pytest.param(GOOD.encode("gb18030") + "好".encode("gbk")[:1], "第4行", id="D9 GBK"),
    ],
)
def test_bytes_that_are_no_text_refuse_the_file_and_name_the_line(
    deliver: Deliver, content: bytes, sentence: str
) -> None:
    assert sentence in refused(deliver(content))


def test_a_character_cut_by_the_border_of_a_block_is_whole(
    deliver: Deliver, registered: Delivery, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.records.reading.encoding.BLOCK_BYTES", 7)
    delivery = deliver(text(row(remark=RARE), row("202609", remark=RARE)).encode("gb18030"))
    assert (counts(delivery), delivery.warned) == ((2, 0, 2, 0, 0, 0), 0)


def test_utf_8_that_is_also_gb18030_is_read_as_utf_8(deliver: Deliver, registered: Delivery) -> None:
    from apps.records.models import EventRecord

    cells = {"CF_XDR_MC": "甲有限厂", "CF_XDR_LB": "法人", "CF_XDR_SHXYM": FIRST, "CF_WSH": "1号", "CF_CFLB": "警告"}
    cells |= dict.fromkeys(("CF_WFXW", "CF_SY", "CF_YJ", "CF_NR", "CF_CFJG"), "警告")
    cells |= dict.fromkeys(("CF_JDRQ", "CF_GSJZQ"), "2026/07/09")
    content = f"{','.join(cells)}\n{','.join(cells.values())}\n".replace("1号", "12").replace("法人", PARTY).encode()
    assert content.decode("gb18030") != content.decode()
    assert "UTF-8，" in deliver(content, "penalty").form
    assert EventRecord.objects.get().title == "警告"
