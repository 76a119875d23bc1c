"""Real-name check (实名核验): an applicant names the firm as 登记注册 does. Pure."""

from dataclasses import dataclass

from apps.subjects.naming import name_key

ACTIVE = "active"
UNKNOWN_CODE = "登记注册信息中没有这个统一社会信用代码，请核对；新设立的企业请在登记信息报送后再提交。"


@dataclass(frozen=True, slots=True)
class Identity:
    """What names a firm; `status` is that of the register, with its Chinese label."""

    name: str
    legal_representative: str
    status: str = ACTIVE
    status_label: str = "存续"


def differences(entered: Identity, registered: Identity | None) -> dict[str, str]:
    """Field → sentence for whatever differs from the register; empty when all agrees.

    Width, brackets, case and spaces do not count. The registered representative is not told: knowing him is the check.
    """
    if registered is None:
        return {"code": UNKNOWN_CODE}
    found = {}
    if registered.status != ACTIVE:
        found["code"] = f"该企业的登记状态为“{registered.status_label}”，不能注册。"
    if name_key(entered.name) != name_key(registered.name):
        found["name"] = f"企业名称与登记信息不一致：登记的名称是“{registered.name}”。"
    if name_key(entered.legal_representative) != name_key(registered.legal_representative):
        found["legal_representative"] = "法定代表人（负责人）姓名与登记信息不一致。"
    return found
