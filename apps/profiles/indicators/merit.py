"""Qualifications, intellectual property, bids won, the imported public grade, 经营异常."""

import polars as pl

from apps.profiles.indicators.definition import Indicator, Unit

_IP = ("intellectual_property",)
_COUNTED = "最近一次统计"
_NO_IP = "尚未收到专利商标统计"
_newest_count = pl.col("from_on") == pl.col("from_on").max()

MERIT = (
    Indicator(
        slug="qualifications",
        label="科技和专精特新资质",
        unit=Unit.CODES,
        items=("technology_firm", "specialised_firm", "farm_scale"),
        window="画像日期仍在有效期内",
        missing="尚未收到科技部门和工信部门的名单",
        sentence="仍在有效期内的高新技术企业、科技型中小企业、专精特新等资质，以及是否新型农业经营主体。",
        view="qualification",
        expression=pl.col("qualification").unique().sort().implode(),
        absent=[],
    ),
    Indicator(
        slug="invention_patents",
        label="有效发明专利",
        unit=Unit.COUNT,
        items=_IP,
        window=_COUNTED,
        missing=_NO_IP,
        sentence="知识产权部门最近一次统计的有效发明专利件数。",
        view="intellectual_property",
        expression=pl.col("inventions").filter(_newest_count).first(),
        absent=0,
    ),
    Indicator(
        slug="patents",
        label="有效专利",
        unit=Unit.COUNT,
        items=_IP,
        window=_COUNTED,
        missing=_NO_IP,
        sentence="有效发明专利、实用新型和外观设计的件数合计。",
        view="intellectual_property",
        expression=pl.sum_horizontal("inventions", "utility_models", "designs").filter(_newest_count).first(),
        absent=0,
    ),
    Indicator(
        slug="trade_marks",
        label="有效注册商标",
        unit=Unit.COUNT,
        items=_IP,
        window=_COUNTED,
        missing=_NO_IP,
        sentence="有效注册商标的件数。",
        view="intellectual_property",
        expression=pl.col("count").filter(_newest_count).first(),
        absent=0,
    ),
    Indicator(
        slug="bids_won_24m",
        label="近24个月中标",
        unit=Unit.COUNT,
        items=("bid_won",),
        window="中标日期在最近24个月内",
        missing="尚未收到中标结果报送",
        sentence="最近24个月在公共资源交易和政府采购中中标几次。",
        view="bid_won",
        expression=pl.len().cast(pl.Int64),
        absent=0,
    ),
    Indicator(
        slug="public_credit_grade",
        label="公共信用综合评价",
        unit=Unit.TEXT,
        items=("credit_evaluation",),
        window="最近一次评价",
        missing="没有收到评价结果",
        sentence="发展改革部门的公共信用综合评价等级，原样引用，不参与本平台评分。",
        view="credit_evaluation",
        expression=pl.col("class_text").last(),
    ),
    Indicator(
        slug="is_abnormal_operation",
        label="经营异常名录",
        unit=Unit.FLAG,
        items=("abnormal_operation",),
        window="画像日期仍在名录中",
        missing="尚未收到经营异常名录报送",
        sentence="是否被列入经营异常名录且没有移出。",
        view="abnormal_operation",
        expression=pl.len() > 0,
        absent=False,
        evidence=pl.lit(value=True),
    ),
)
