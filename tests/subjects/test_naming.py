import pytest

from apps.subjects.naming import is_formula_like, is_same_but_for_lost_characters, name_key, without_formula_prefix


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("凤翔（陕西）酒业有限公司", "凤翔(陕西) 酒业有限公司"),
        ("ＡＢＣ商贸", "abc商贸"),
        ("凤翔祎畴印务\x1e有限公司", "凤翔祎畴印务有限公司"),
        ("\u3000凤翔\u200b酒业", "凤翔酒业"),
    ],
)
def test_spellings_of_one_name_have_one_key(left: str, right: str) -> None:
    assert name_key(left) == name_key(right)


def test_different_names_have_different_keys() -> None:
    assert name_key("艾尔肯·阿吉烤肉店") != name_key("艾尔肯阿吉烤肉店")


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "＝", "＠"])
def test_formula_signs_are_seen_and_taken_off(sign: str) -> None:
    assert is_formula_like(f"{sign}1号小吃")
    assert without_formula_prefix(f"{sign}1号小吃") == "1号小吃"
    assert without_formula_prefix("1号小吃") == "1号小吃"


def test_lost_characters_stand_for_exactly_one_character() -> None:
    assert is_same_but_for_lost_characters("凤翔?棠大药房", "凤翔㛃棠大药房")
    assert not is_same_but_for_lost_characters("凤翔??棠大药房", "凤翔㛃棠大药房")
    assert not is_same_but_for_lost_characters("凤翔?棠大药店", "凤翔㛃棠大药房")
