"""The exact text of an authorisation. Pure: the same terms give the same text, and its digest is what was signed.

What it must tell: who receives, for what, which items, in which way, how long, how to withdraw (PIPL art. 17 and 23,
征信业管理条例 art. 18; domain §10).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from apps.core.digests import sha256_of

VERSION = "2026-1"
EVERYBODY = "全部入驻金融机构，以及为推荐融资而审核本企业的主管部门"

_TEXT = """信用信息查询授权书（{version}）

授权人：{subject_name}（统一社会信用代码 {subject_code}）
被授权人：{grantee}

一、授权人同意被授权人通过信桥融资信用服务平台使用授权人的下列信息：{items}。
二、使用目的限于：{purposes}。超出上述目的使用的，须另行取得授权。
三、使用方式：{scopes}。
四、授权期限：自{valid_from_on}零时起至{valid_to_on}零时止{limit}。
五、被授权人每次查询都会留下记录，授权人可在平台“谁查过我”中查看查询时间、机构、人员、用途和信息项。
六、授权人可随时在平台撤回授权。撤回立即生效，被授权人不得再查询；撤回之前已依法完成的查询及其记录不受影响。
七、公开公示的信息（如登记注册、行政处罚）依法公开，不以本授权为前提。
八、授权及查询记录自授权终止之日起保存五年。
"""


@dataclass(frozen=True, slots=True)
class Document:
    """A text and the SHA-256 of its UTF-8 bytes."""

    version: str
    text: str
    digest: str


def authorisation(
    *,
    subject_name: str,
    subject_code: str,
    grantee_name: str | None,
    purposes: Sequence[str],
    items: Sequence[str],
    scopes: Sequence[str],
    period: tuple[date, date],
    use_max: int | None,
) -> Document:
    """The authorisation in Chinese; `purposes`, `items`, `scopes` are labels, `grantee_name` None is everybody."""
    text = _TEXT.format(
        version=VERSION,
        subject_name=subject_name,
        subject_code=subject_code,
        grantee=grantee_name or EVERYBODY,
        items="、".join(items),
        purposes="、".join(purposes),
        scopes="、".join(scopes),
        valid_from_on=_chinese(period[0]),
        valid_to_on=_chinese(period[1]),
        limit=f"，最多查询{use_max}次" if use_max else "",
    )
    return Document(VERSION, text, sha256_of(text.encode()))


def _chinese(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"
