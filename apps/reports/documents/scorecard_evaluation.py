"""The evaluation of a scorecard as printed: what was held against what, and every figure of it. Pure."""

from collections.abc import Sequence
from decimal import Decimal

from apps.profiles.evaluation import BandRow, Discrimination, Evaluation, Stability
from apps.profiles.services import Evaluated, Sample
from apps.profiles.services.evaluating import REASONS
from apps.reports.documents.parts import NOTHING, Chart, Column, Fact, Section, Table, bar_chart, table
from apps.reports.documents.wording import day, instant, number

LABEL = "供金融机构参考，不构成征信/评级"
UNUSED_SHOWN = 20
_FIGURES = (
    Column("样本", is_figure=True),
    Column("违约", is_figure=True),
    Column("违约率", is_figure=True),
    Column("AUC", is_figure=True),
    Column("95% 区间", is_figure=True),
    Column("KS", is_figure=True),
)
# Customary bounds of the index, no law.
_STABLE, _SHIFTED = Decimal("0.1"), Decimal("0.25")


def title(sample: Sample) -> str:
    """The name of the document."""
    return f"评分卡 {sample.scorecard_version} 评估报告"


def sections(told: Evaluated) -> tuple[Section, ...]:
    """The chapters of the report."""
    sample, evaluation = told.sample, told.evaluation
    basis = f"{LABEL}；样本 {sample.cases} 个"
    as_of = f"结果日期 {_span(sample.outcomes)}"
    return (
        _population(told),
        Section(
            "二",
            "区分能力",
            as_of,
            basis,
            facts=_headline(evaluation.overall),
            charts=_charts(evaluation.bands),
            tables=(_gain(evaluation.bands),),
        ),
        Section(
            "三",
            "校准",
            as_of,
            basis,
            facts=_calibration(evaluation),
            tables=(_expected(evaluation.bands), _grades(evaluation)),
        ),
        Section("四", "分组和评分项", as_of, basis, tables=(_segments(evaluation), _lines(evaluation))),
        Section("五", "稳定性（PSI）", as_of, basis, tables=tuple(_stability(each) for each in evaluation.stabilities)),
        Section("六", "未纳入的行", f"结果文件 {sample.file_name}", "行号是文件中的行号", tables=(_unused(told),)),
        Section("七", "口径", "每个指标的算法", "", paragraphs=_METHODS),
    )


_METHODS = (
    "1．画像：每个样本用结果日期之前最近的一份画像，且该画像所用的数据在结果日期当天零时以前已全部收到；之后的数据和画像一律不用。",
    "2．AUC：随机取一个未违约样本和一个违约样本，前者评分较高的概率，同分算一半，0.5 为不能区分；区间按德隆法。",
    "3．KS：违约与未违约样本的累计占比之差的最大值；同时给出达到最大值的评分。",
    "4．增益表：按评分从低到高分为约十等份，同一评分不拆开；提升度是累计违约占比除以累计样本占比。",
    "5．校准：评分不是违约概率。预期违约率是在同一批样本上用逻辑回归拟合的，只说明违约率是否随评分平滑变化，不能用作定价。",
    "6．PSI：两个分布在各等级上占比之差乘以占比之比的自然对数，逐级相加；有一边为空的等级时各等级各加半个样本。"
    "惯例：小于 0.1 稳定，0.1 至 0.25 略有变化，0.25 以上明显变化。",
    "7．分组和评分项中样本较少的，区间很宽，不宜单独下结论。",
)


def _span(days: tuple[object, object]) -> str:
    first, last = days
    return str(first) if first == last else f"{first} 至 {last}"


def _percent(value: Decimal | None) -> str:
    return NOTHING if value is None else f"{number(value, 2)}%"


def _population(told: Evaluated) -> Section:
    sample = told.sample
    fewest, median, most = sample.lead_days
    facts = (
        Fact("评分卡", f"{sample.scorecard_label} {sample.scorecard_version}", f"摘要 {sample.scorecard_digest[:16]}"),
        Fact("指标版本", "、".join(sample.indicator_versions)),
        Fact("结果文件", sample.file_name, f"{sample.form}；SHA-256 {sample.file_sha256[:16]}"),
        Fact("结果日期", _span(sample.outcomes)),
        Fact("画像日期", _span(sample.as_of), f"数据收到于 {_span(sample.as_known)}"),
        Fact("画像到结果", f"中位数 {median} 天", f"最短 {fewest} 天，最长 {most} 天"),
        Fact("评估时间", instant(told.evaluated_at)),
        Fact("全部已评分主体", f"{number(sample.population)} 户", f"{day(sample.outcomes[0])} 之前"),
    )
    rows = [
        ("读取的行（不含表头）", sample.read),
        ("非数据行（标题、合计、空行）", sample.not_data),
        ("重复的行", sample.duplicates),
        *((REASONS[reason], count) for reason, count in sample.unused.items()),
        ("纳入评估的样本", sample.cases),
    ]
    counts = table(
        "样本从何而来",
        (Column("项目"), Column("行数", is_figure=True)),
        [(label, number(count)) for label, count in rows],
        note="读取的行 = 非数据行 + 重复的行 + 各种未纳入的行 + 纳入评估的样本。",
    )
    return Section("一", "评估对象", f"评估时间 {instant(told.evaluated_at)}", LABEL, facts=facts, tables=(counts,))


def _headline(told: Discrimination) -> tuple[Fact, ...]:
    return (
        Fact("AUC", str(told.auc), f"95% 区间 {_interval(told)}"),
        Fact("KS", _percent(told.ks_pct), f"评分 {told.ks_at} 分及以下处"),
        Fact("样本和违约", f"{number(told.cases)} 个，其中违约 {number(told.bads)} 个"),
        Fact("违约率", _percent(told.bad_rate_pct)),
    )


def _interval(told: Discrimination) -> str:
    return NOTHING if told.auc_low is None else f"{told.auc_low}–{told.auc_high}"


def _charts(bands: Sequence[BandRow]) -> tuple[Chart, ...]:
    def scores(row: BandRow) -> str:
        return str(row.lowest) if row.lowest == row.highest else f"{row.lowest}–{row.highest}"

    drawn = (
        bar_chart(
            "各评分段的违约率", "%", [(scores(row), row.bad_rate_pct, number(row.bad_rate_pct, 1)) for row in bands]
        ),
        bar_chart(
            "从低分起累计抓到的违约",
            "占全部违约的%",
            [
                (f"{number(row.cases_so_far_pct)}%", row.bads_so_far_pct, number(row.bads_so_far_pct, 1))
                for row in bands
            ],
        ),
    )
    return tuple(chart for chart in drawn if chart is not None)


def _gain(bands: Sequence[BandRow]) -> Table:
    heads = ("样本", "违约", "违约率", "累计样本", "累计违约", "提升度", "累计之差")
    return table(
        "增益表（从低分到高分）",
        (Column("段", is_short=True), Column("评分", is_short=True), *(Column(head, is_figure=True) for head in heads)),
        [
            (
                str(row.band),
                f"{row.lowest}–{row.highest}",
                number(row.cases),
                number(row.bads),
                _percent(row.bad_rate_pct),
                _percent(row.cases_so_far_pct),
                _percent(row.bads_so_far_pct),
                number(row.lift, 2),
                _percent(row.apart_pct),
            )
            for row in bands
        ],
    )


def _calibration(evaluation: Evaluation) -> tuple[Fact, ...]:
    fit = evaluation.calibration
    if fit is None:
        return (Fact("拟合", "评分把违约与未违约完全分开，不能拟合"),)
    chance = "段数太少，不检验" if fit.p_value is None else f"p = {fit.p_value}"
    return (
        Fact(
            "违约对数几率",
            f"{fit.intercept} {'+' if fit.slope_per_100 >= 0 else '−'} {abs(fit.slope_per_100)} × 评分 ÷ 100",
        ),
        Fact("布莱尔分数", str(fit.brier), "预期与结果之差的平方的平均数，越小越好"),
        Fact("HL 检验", f"χ² = {fit.chi_square}（自由度 {fit.degrees}）", chance),
    )


def _expected(bands: Sequence[BandRow]) -> Table:
    return table(
        "各段的违约率与拟合的预期",
        (
            Column("段", is_short=True),
            Column("评分", is_short=True),
            *(Column(head, is_figure=True) for head in ("样本", "违约率", "预期违约率")),
        ),
        [
            (
                str(row.band),
                f"{row.lowest}–{row.highest}",
                number(row.cases),
                _percent(row.bad_rate_pct),
                _percent(row.expected_pct),
            )
            for row in bands
        ],
    )


def _grades(evaluation: Evaluation) -> Table:
    return table(
        "各等级的违约率",
        (
            Column("等级", is_short=True),
            Column("最低分", is_figure=True),
            *(Column(head, is_figure=True) for head in ("样本", "违约", "违约率", "95% 区间")),
        ),
        [
            (
                row.grade,
                str(row.lowest),
                number(row.cases),
                number(row.bads),
                _percent(row.bad_rate_pct),
                NOTHING if row.low_pct is None else f"{_percent(row.low_pct)}–{_percent(row.high_pct)}",
            )
            for row in evaluation.grades
        ],
        note="等级从高到低，违约率应逐级上升；区间按威尔逊（Wilson）法。",
    )


def _figures(told: Discrimination) -> tuple[str, ...]:
    return (
        number(told.cases),
        number(told.bads),
        _percent(told.bad_rate_pct),
        NOTHING if told.auc is None else str(told.auc),
        _interval(told),
        _percent(told.ks_pct),
    )


def _segments(evaluation: Evaluation) -> Table:
    return table(
        "分组",
        (Column("分组"), Column("取值"), *_FIGURES),
        [(row.kind, row.value, *_figures(row.told)) for row in evaluation.segments],
        note="“—”：该组只有违约或只有未违约的样本，没有可比的。",
    )


def _lines(evaluation: Evaluation) -> Table:
    return table(
        "各评分项（按该项得分）",
        (Column("评分项"), *_FIGURES),
        [(row.label, *_figures(row.told)) for row in evaluation.lines],
        note="样本是该项当时能够判断的主体；AUC 接近 0.5 的评分项在这批样本上没有区分能力，低于 0.5 的方向相反。",
    )


def _stability(each: Stability) -> Table:
    if each.psi is None:
        verdict = "有一边没有样本，不能计算。"
    else:
        said = "稳定" if each.psi < _STABLE else "略有变化" if each.psi < _SHIFTED else "明显变化"
        verdict = f"PSI = {each.psi}，{said}。"
    return table(
        each.label,
        (Column("等级", is_short=True), Column(each.before, is_figure=True), Column(each.now, is_figure=True)),
        [(grade, _percent(before), _percent(now)) for grade, before, now in each.cells],
        note=verdict,
    )


def _unused(told: Evaluated) -> Table:
    more = len(told.unused) - UNUSED_SHOWN
    return table(
        "未纳入的行",
        (Column("行号", is_figure=True), Column("统一社会信用代码", is_short=True), Column("原因")),
        [
            (str(row.row_number), row.code, REASONS[row.reason] + (f"：{row.note}" if row.note else ""))
            for row in told.unused[:UNUSED_SHOWN]
        ],
        empty="文件中的数据行全部纳入评估。",
        note=f"另有 {more} 行未列出，全部列在 JSON 结果中。" if more > 0 else "",
    )
