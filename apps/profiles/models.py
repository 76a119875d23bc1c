"""Portraits and the scorecards behind them."""

from typing import Any

from django.db import models

from apps.core.actor import Actor
from apps.profiles.sizing import SIZE_CLASSES
from apps.profiles.workflow import SCORECARD
from apps.subjects.models import KINDS, STATUSES, Subject


def _money(label: str) -> Any:
    return models.DecimalField(label, max_digits=18, decimal_places=2, null=True)


def _hundredths(label: str) -> Any:
    return models.DecimalField(label, max_digits=20, decimal_places=2, null=True)


def _weight(label: str) -> Any:
    return models.DecimalField(label, max_digits=12, decimal_places=4, null=True)


def _whole(label: str) -> Any:
    return models.BigIntegerField(label, null=True)


def _text(label: str) -> Any:
    return models.CharField(label, max_length=40, blank=True)


class Scorecard(models.Model):
    """A version of the scorecard as reviewed data (`profiles.scorecard` says what it means).

    Holds no personal or credit data; kept for good, since stored scores name it.
    """

    version = models.CharField("版本", max_length=20, unique=True)
    state = models.CharField("状态", max_length=10, choices=SCORECARD.choices(), default=SCORECARD.initial)
    effective_from = models.DateField("生效日期")
    source_document = models.TextField("依据")
    certainty = models.CharField("确定性", max_length=10)
    data = models.JSONField("内容")
    digest = models.CharField("摘要", max_length=64)
    published_at = models.DateTimeField("发布时间", null=True)

    class Meta:
        verbose_name = "评分卡"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state="draft", published_at__isnull=True)
                | (~models.Q(state="draft") & models.Q(published_at__isnull=False)),
                name="scorecard_published_when_not_draft",
            ),
            models.UniqueConstraint(
                fields=["effective_from"], condition=models.Q(state="published"), name="scorecard_one_per_day"
            ),
        ]

    def __str__(self) -> str:
        return self.version


class ProfileQuerySet(models.QuerySet["Profile"]):
    """Profiles as an actor may list them; the figures of one firm are read with a Permit (`selectors`)."""

    def visible_to(self, actor: Actor) -> "ProfileQuerySet":
        """A firm its own. Nobody lists other firms' profiles: lists are made by matching, whitelist and statistics."""
        return self.filter(subject_id=actor.subject_id) if actor.subject_id else self.none()


class Profile(models.Model):
    """The latest portrait of a subject: every indicator, size, lists, score. Null = not known.

    Holds credit data of the subject, protected by consent, and for sole traders personal data; replaced at each run,
    kept as long as the subject. The column of an indicator bears its slug. No foreign-key constraint: bulk table.
    """

    subject = models.OneToOneField(
        Subject, on_delete=models.DO_NOTHING, primary_key=True, db_constraint=False, related_name="+"
    )
    as_of_on = models.DateField("画像日期")
    as_known_at = models.DateTimeField("数据截至的接收时刻")
    computed_at = models.DateTimeField("计算时间")

    code = models.CharField("统一社会信用代码", max_length=18)
    name = models.CharField("名称", max_length=200)
    kind = models.CharField("类别", max_length=12, choices=KINDS)
    region_code = models.CharField("所属区划", max_length=6)
    industry_code = models.CharField("行业代码", max_length=5, blank=True)
    industry_section = models.CharField("行业门类", max_length=1, blank=True)
    size_class = models.CharField("企业规模", max_length=14, choices=list(SIZE_CLASSES.items()))

    age_months = _whole("存续时间（月）")
    registered_capital_yuan = _money("注册资本")
    paid_in_capital_yuan = _money("实缴资本")
    paid_in_ratio_pct = _hundredths("实缴比例")
    status = models.CharField("登记状态", max_length=10, choices=STATUSES, blank=True)
    annual_report_year = _whole("最近年报年度")
    is_annual_report_current = models.BooleanField("年报按期公示", null=True)
    annual_headcount = _whole("从业人数")
    annual_revenue_yuan = _money("年营业收入")
    annual_assets_yuan = _money("资产总额")
    representative_changes_24m = _whole("近24个月法定代表人变更")
    headcount_gap_pct = _hundredths("年报从业人数与参保人数之差")
    revenue_gap_pct = _hundredths("年报营业收入与申报销售额之差")

    tax_grade = _text("纳税缴费信用级别")
    tax_grade_previous = _text("上一年度纳税缴费信用级别")
    tax_grade_a_years = _whole("连续A级年度")
    tax_paid_12m_yuan = _money("近12个月实缴税额")
    tax_paid_24m_yuan = _money("近24个月实缴税额")
    tax_paid_growth_pct = _hundredths("实缴税额增长率")
    tax_arrears_yuan = _money("欠税余额")
    declared_sales_12m_yuan = _money("近12个月申报销售额")
    declared_sales_24m_yuan = _money("近24个月申报销售额")
    declared_sales_growth_pct = _hundredths("申报销售额增长率")
    declared_sales_yoy_3m_pct = _hundredths("近3个月申报销售额同比")
    declared_sales_volatility_pct = _hundredths("申报销售额波动")
    tax_zero_filing_months_24m = _whole("近24个月零申报月数")
    tax_unfiled_months_24m = _whole("近24个月断报月数")
    tax_idle_months_24m = _whole("近24个月零申报和断报月数")

    social_months = _whole("社保连续缴费月数")
    social_headcount = _whole("参保人数")
    social_headcount_change_pct = _hundredths("参保人数变化")
    social_arrears_months = _whole("社保欠费月数")
    housing_months = _whole("公积金连续缴存月数")
    housing_headcount = _whole("公积金缴存人数")
    housing_arrears_months = _whole("公积金欠缴月数")

    power_kwh_12m = _whole("近12个月用电量（千瓦时）")
    power_growth_pct = _hundredths("用电量增长率")
    power_yoy_3m_pct = _hundredths("近3个月用电量同比")
    power_volatility_pct = _hundredths("用电量波动")
    power_arrears_months = _whole("用电欠费月数")
    power_late_months_12m = _whole("用电逾期缴费月数")
    power_months = _whole("电费连续无欠费月数")
    water_months = _whole("水费连续无欠费月数")
    water_arrears_months = _whole("用水欠费月数")
    gas_months = _whole("气费连续无欠费月数")
    gas_arrears_months = _whole("用气欠费月数")

    penalties_minor = _whole("轻微行政处罚")
    penalties_general = _whole("一般行政处罚")
    penalties_serious = _whole("严重行政处罚")
    penalties_minor_weight = _weight("轻微行政处罚（折算）")
    penalties_general_weight = _weight("一般行政处罚（折算）")
    penalties_serious_weight = _weight("严重行政处罚（折算）")
    is_abnormal_operation = models.BooleanField("经营异常名录", null=True)
    is_dishonest_debtor = models.BooleanField("失信被执行人", null=True)
    dishonest_debtor_cases = _whole("失信被执行案件")
    enforcement_cases = _whole("被执行案件")
    defendant_cases_24m = _whole("近24个月作为被告的案件")

    qualifications = models.JSONField("科技和专精特新资质", null=True)
    invention_patents = _whole("有效发明专利")
    patents = _whole("有效专利")
    trade_marks = _whole("有效注册商标")
    bids_won_24m = _whole("近24个月中标")
    bids_won_24m_yuan = _money("近24个月中标金额")
    subsidies_24m_yuan = _money("近24个月政府补助")
    licences = _whole("有效行政许可")
    honours = _whole("有效荣誉表彰")
    planted_mu = _hundredths("种植面积（亩）")
    livestock = _whole("养殖数量（头、只、羽）")
    public_credit_grade = _text("公共信用综合评价")

    coverage_registration_pct = _hundredths("数据覆盖率：登记和年报")
    coverage_tax_pct = _hundredths("数据覆盖率：纳税")
    coverage_employment_pct = _hundredths("数据覆盖率：社保和公积金")
    coverage_utilities_pct = _hundredths("数据覆盖率：水电气")
    coverage_conduct_pct = _hundredths("数据覆盖率：司法和处罚")
    coverage_merit_pct = _hundredths("数据覆盖率：资质、荣誉和经营")
    newest_tax_on = models.DateField("数据截至：纳税", null=True)
    newest_employment_on = models.DateField("数据截至：社保和公积金", null=True)
    newest_utilities_on = models.DateField("数据截至：水电气", null=True)

    blocks = models.JSONField("名单记录", default=list)
    lists_checked = models.JSONField("已核查的名单", default=list)
    has_block_whitelist = models.BooleanField("不得列入白名单")
    has_block_application = models.BooleanField("不得申请贷款")

    score = models.PositiveSmallIntegerField("评分", null=True)
    grade = models.CharField("等级", max_length=3, blank=True)
    coverage_pct = models.DecimalField("数据覆盖率", max_digits=5, decimal_places=2)
    points = models.JSONField("各项得分（百分之一分）", default=dict)
    reasons = models.JSONField("主要失分项", default=list)

    data_as_of_on = models.DateField("数据截至", null=True)
    indicator_version = models.CharField("指标版本", max_length=20)
    scorecard_version = models.CharField("评分卡版本", max_length=20)
    input_digest = models.CharField("输入摘要", max_length=64)
    payload_digest = models.CharField("结果摘要", max_length=64)
    basis_digest = models.CharField("共同依据摘要", max_length=64, default="")
    next_change_on = models.DateField("无新记录时下次变化的日期", null=True)

    objects = ProfileQuerySet.as_manager()

    class Meta:
        verbose_name = "信用画像"
        indexes = [models.Index(fields=["region_code", "subject"], name="profile_region")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(score__isnull=True, grade="") | models.Q(score__lte=1000) & ~models.Q(grade=""),
                name="profile_grade_with_score",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name}的信用画像"


class ProfileHistory(models.Model):
    """A portrait as it was shown, added whenever inputs or results differ from the one before; never changed.

    Holds credit data of the subject, protected by consent, and for sole traders personal data; kept 5 years.
    `payload` has the figures as in frames (fen, hundredths of a percent), points per line and lists.
    """

    subject = models.ForeignKey(Subject, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+")
    as_of_on = models.DateField("画像日期")
    as_known_at = models.DateTimeField("数据截至的接收时刻")
    computed_at = models.DateTimeField("计算时间")
    indicator_version = models.CharField("指标版本", max_length=20)
    scorecard_version = models.CharField("评分卡版本", max_length=20)
    score = models.PositiveSmallIntegerField("评分", null=True)
    grade = models.CharField("等级", max_length=3, blank=True)
    payload = models.JSONField("内容")
    input_digest = models.CharField("输入摘要", max_length=64)
    payload_digest = models.CharField("结果摘要", max_length=64)

    class Meta:
        verbose_name = "历史画像"

    def __str__(self) -> str:
        return f"{self.subject_id} {self.as_of_on}"


class ProfileRun(models.Model):
    """A run over all subjects that came to its end: every portrait holds as of its day, computed in it or unchanged.

    Holds no personal or credit data; kept for good.
    """

    as_of_on = models.DateField("画像日期")
    as_known_at = models.DateTimeField("数据截至的接收时刻")
    computed_at = models.DateTimeField("计算时间")
    subjects = models.PositiveIntegerField("主体")
    computed = models.PositiveIntegerField("重新计算")
    changed = models.PositiveIntegerField("有变化")

    class Meta:
        verbose_name = "画像计算"
        constraints = [
            models.UniqueConstraint(fields=["as_of_on", "as_known_at", "computed_at"], name="profilerun_once"),
        ]

    def __str__(self) -> str:
        return f"{self.as_of_on} 画像计算"
