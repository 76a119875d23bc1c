"""The real-name check."""

import pytest

from apps.enterprises.rules import Identity, differences

REGISTERED = Identity("凤翔区宏远机械制造有限公司", "王宏远")


@pytest.mark.parametrize(
    ("name", "representative", "fields"),
    [
        ("凤翔区宏远机械制造有限公司", "王宏远", []),
        (" 凤翔区宏远机械制造 有限公司", "王 宏远", []),
        ("凤翔区宏远机械有限公司", "王宏远", ["name"]),
        ("凤翔区宏远机械制造有限公司", "李宏远", ["legal_representative"]),
        ("别的公司", "别人", ["name", "legal_representative"]),
        ("", "", ["name", "legal_representative"]),
    ],
)
def test_differences_names_every_field_that_differs(name, representative, fields):
    assert list(differences(Identity(name, representative), REGISTERED)) == fields


def test_differences_takes_full_width_brackets_for_half_width():
    registered = Identity("宏远(凤翔)有限公司", "王宏远")
    assert differences(Identity("宏远（凤翔）有限公司", "王宏远"), registered) == {}


def test_differences_tells_the_registered_name_but_not_the_representative():
    faults = differences(Identity("别的公司", "别人"), REGISTERED)
    assert REGISTERED.name in faults["name"]
    assert REGISTERED.legal_representative not in "".join(faults.values())


def test_differences_refuses_an_unknown_code_and_a_firm_that_is_gone():
    assert list(differences(Identity("a", "b"), None)) == ["code"]
    gone = Identity("宏远", "王宏远", "cancelled", "注销")
    assert "“注销”" in differences(Identity("宏远", "王宏远"), gone)["code"]
