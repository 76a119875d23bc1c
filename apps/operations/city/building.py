"""A city on disk: deliveries as their senders would hand them in, a bank's file of outcomes, and the truth about both.

    DIR/报送/<sender>/<item>/…   in the form of a drop folder (`manage.py collect`)
    DIR/贷款结果.csv             for `manage.py evaluate_scorecard`
    DIR/truth.json               planted effects, what must come of every file, what there is to find
    DIR/truth_firms.csv          what is true of each firm

Firms are made part by part, so that a larger city takes more files and more time but no more memory. The same size,
seed and day give the same bytes.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, BinaryIO, Final

import polars as pl

from apps.core.digests import plain
from apps.core.errors import InvalidInput
from apps.operations.city import firms as city_firms
from apps.operations.city.deliveries import ANSWER, PLAN, REGISTRATION, Form
from apps.operations.city.loans import OUTCOMES, Tally, last_day, outcomes, with_loans

FIRMS_A_PART: Final = 10_000
MOST_FIRMS: Final = 10_000_000
DELIVERIES, OUTCOMES_FILE, TRUTH, TRUE_FIRMS = "报送", "贷款结果.csv", "truth.json", "truth_firms.csv"
_KEPT: Final = ("code", *city_firms.FEATURES, "default_ppm", "has_loan", "is_bad")


class CityRefused(InvalidInput):
    """The folder or the size cannot be."""

    code = "city-refused"
    title = "不能生成城市"


@dataclass(frozen=True, slots=True)
class Plan:
    """What is asked for."""

    subjects: int
    seed: int
    as_of: date


def build(folder: Path, plan: Plan, tell: Callable[[int], None] = lambda done: None) -> Mapping[str, Any]:
    """Write the city into a folder that is empty or not there yet; returns the truth as it stands in `truth.json`.

    `tell` hears after each part how many firms are done. Raises CityRefused, and OSError where the disk does not obey.
    """
    _check(folder, plan)
    folder.mkdir(parents=True, exist_ok=True)
    delivered: list[dict[str, Any]] = []
    said, tally = Counter[str](), Tally()
    with ExitStack() as files:
        bank = files.enter_context((folder / OUTCOMES_FILE).open("wb"))
        true_firms = files.enter_context((folder / TRUE_FIRMS).open("wb"))
        for number, firms in enumerate(_parts(plan), start=1):
            lent = with_loans(firms, plan.as_of, plan.seed)
            delivered += _deliver(folder, firms, plan, number)
            rows = outcomes(lent, plan.as_of, plan.seed)
            _write(bank, rows.drop(ANSWER), OUTCOMES, is_first=number == 1)
            true_firms.write(lent.select(_KEPT).write_csv(include_header=number == 1).encode())
            said.update(rows[ANSWER].to_list())
            tally.add(lent)
            tell(min(number * FIRMS_A_PART, plan.subjects))
        bank.write(_around(OUTCOMES.notes, OUTCOMES, 3))
    truth = _truth(plan, delivered, said, tally)
    text = json.dumps(truth, ensure_ascii=False, indent=1)
    (folder / TRUTH).write_text(text + "\n", encoding="utf-8")
    return truth


def _check(folder: Path, plan: Plan) -> None:
    if not 1 <= plan.subjects <= MOST_FIRMS:
        raise CityRefused(f"主体数应在 1 至 {MOST_FIRMS:,} 之间。")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise CityRefused(f"{folder} 已存在且不是空文件夹，请换一个文件夹。")


def _parts(plan: Plan) -> Iterator[pl.DataFrame]:
    for first in range(1, plan.subjects + 1, FIRMS_A_PART):
        count = min(FIRMS_A_PART, plan.subjects - first + 1)
        named = city_firms.named(first, count, regions=city_firms.REGIONS, seed=plan.seed)
        yield city_firms.features(named, plan.as_of, seed=plan.seed)


def _deliver(folder: Path, firms: pl.DataFrame, plan: Plan, number: int) -> Iterator[dict[str, Any]]:
    """Write the files of a part; what each is and must come to."""
    for form, mark, writer in PLAN:
        rows = writer(firms, plan.as_of, plan.seed)
        name = f"{form.item_name}_{plan.as_of:%Y%m%d}_{number:04d}{mark}{form.suffix}"
        path = Path(DELIVERIES, form.sender, form.item_name, name)
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        with (folder / path).open("wb") as file:
            _write(file, rows.drop(ANSWER), form, is_first=True)
            file.write(_around(form.notes, form, rows.width - 1))
        yield {"path": str(path), "sender": form.sender, "item": form.item, **expected(rows[ANSWER], form)}


def expected(answers: pl.Series, form: Form) -> dict[str, Any]:
    """What intake must count: read, not_data, accepted, duplicate; rejected and held by reason."""
    counts = Counter(answers.to_list())
    not_data = len(form.titles) + len(form.notes)

    def by_reason(kind: str) -> dict[str, int]:
        return {
            answer.removeprefix(f"{kind} "): count
            for answer, count in sorted(counts.items())
            if answer.startswith(f"{kind} ")
        }

    return {
        "read": counts.total() + not_data,
        "not_data": not_data,
        "accepted": counts["accepted"],
        "duplicate": counts["duplicate"],
        "rejected": by_reason("rejected"),
        "held": by_reason("held"),
    }


def _write(file: BinaryIO, table: pl.DataFrame, form: Form, *, is_first: bool) -> None:
    """Rows as text in the sender's form; above the first ones its titles and the header."""
    text = table.write_csv(
        separator=form.separator, line_terminator=form.line_end, quote_style="necessary", include_header=is_first
    )
    if is_first and form.titles:
        file.write(_around(form.titles, form, table.width))
    # Python marks each piece that it encodes as utf-8-sig; a file has one mark.
    file.write(text.encode(form.encoding if is_first else form.encoding.removesuffix("-sig")))


def _around(lines: tuple[str, ...], form: Form, width: int) -> bytes:
    """Lines above or below the table, as wide as it is."""
    filled = form.separator * (width - 1)
    encoding = form.encoding.removesuffix("-sig")
    return "".join(f"{line}{filled}{form.line_end}" for line in lines).encode(encoding)


def _truth(plan: Plan, delivered: list[dict[str, Any]], said: Counter[str], tally: Tally) -> dict[str, Any]:
    told: dict[str, Any] = plain(
        {
            "note": "合成数据：主体、记录和贷款均为虚构 (synthetic)",
            "subjects": plan.subjects,
            "seed": plan.seed,
            "as_of": plan.as_of,
            "outcomes_known_on": last_day(plan.as_of),
            "log_odds_thousandths": {"intercept": city_firms.INTERCEPT, **city_firms.EFFECTS},
            "without_effect": list(city_firms.WITHOUT_EFFECT),
            # Firms first: whoever takes the files in the order of this list leaves nothing waiting for its subject.
            "deliveries": sorted(delivered, key=lambda file: file["item"] != REGISTRATION.item),
            "outcomes": {
                "path": OUTCOMES_FILE,
                "read": said.total() + len(OUTCOMES.titles) + len(OUTCOMES.notes),
                "not_data": len(OUTCOMES.titles) + len(OUTCOMES.notes),
                **{answer: said[answer] for answer in ("accepted", "duplicate", "unknown", "rejected", "conflicting")},
                **tally.truth(),
            },
        }
    )
    return told
