from datetime import date

from apps.reference.regions import RegionPeriod, RegionPlace, build_region_tree

OLD, NEW, TODAY = date(1949, 10, 1), date(2021, 1, 1), date(2026, 11, 15)


def county(code, name, start=OLD, end=None, successor="", parent="610300"):
    return RegionPeriod(code, name, "county", parent, start, end, successor)


PERIODS = [
    RegionPeriod("610000", "陕西省", "province", "", OLD, None, ""),
    RegionPeriod("610300", "宝鸡市", "city", "610000", OLD, None, ""),
    RegionPeriod("612100", "渭南地区", "city", "610000", OLD, date(1994, 1, 1), ""),
    county("610305", "凤翔区", NEW),
    county("610322", "凤翔县", end=NEW, successor="610305"),
    county("610325", "武功县", end=date(1983, 1, 1)),
    county("612101", "渭南市", end=date(1994, 1, 1), parent="612100"),
]


def test_within_holds_abolished_codes_that_lie_inside():
    tree = build_region_tree(PERIODS, TODAY)
    assert tree.within("610305") == {"610305", "610322"}
    assert tree.within("610322") == {"610305", "610322"}
    assert tree.within("610300") == {"610300", "610305", "610322", "610325"}
    assert tree.within("610000") == {row.code for row in PERIODS}
    assert tree.within("440300") == {"440300"}


def test_covers_asks_for_the_place_not_the_digits():
    tree = build_region_tree(PERIODS, TODAY)
    assert tree.covers("610000", "612101")
    assert tree.covers("610305", "610322")
    assert not tree.covers("610305", "610325")
    assert not tree.covers("610000", "440300")


def test_the_day_of_change_belongs_to_the_new_region():
    before, after = build_region_tree(PERIODS, date(2020, 12, 31)), build_region_tree(PERIODS, NEW)
    assert (before.current_code("610322"), after.current_code("610322")) == ("610322", "610305")
    assert before.region("610305") is None
    assert before.within("610300") == after.within("610300")


def test_a_circle_of_successors_ends_at_the_code_itself():
    ended = date(2000, 1, 1)
    circle = [
        county("610391", "甲县", end=ended, successor="610392"),
        county("610392", "乙县", end=ended, successor="610391"),
    ]
    tree = build_region_tree(PERIODS + circle, TODAY)
    assert tree.current_code("610391") == "610391"
    assert tree.path_text("610391") == "陕西省宝鸡市"


def test_places_names_every_level_of_every_known_code():
    places = {place.code: place for place in build_region_tree(PERIODS, TODAY).places()}
    assert places["610322"] == RegionPlace("610322", "610305", "610305", "610300", "610000")
    assert places["612101"] == RegionPlace("612101", "612101", "", "", "610000")
    assert places.keys() == {row.code for row in PERIODS}
