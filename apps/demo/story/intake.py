"""Step 2: each department delivers its file; the worker takes it in, and every row is accounted for."""

from apps.accounts.models import Membership
from apps.core.actor import Actor, Role
from apps.demo.people import DEPARTMENTS
from apps.demo.report import Step
from apps.demo.story.files import delivery
from apps.demo.story.stage import Stage
from apps.records import services as records
from apps.records.models import Delivery

# Every file of the district. Registration first: only it creates subjects; a correction after what it corrects.
DELIVERIES: tuple[tuple[str, str], ...] = (
    ("registration", "市场监管局/登记注册信息_20261112.csv"),
    ("tax_grade", "税务局/2025年度纳税缴费信用级别评价结果.xlsx"),
    ("tax_payment", "税务局/申报缴纳明细_202411-202610.csv"),
    ("social_insurance", "人社局/社会保险缴费明细_202411-202610.csv"),
    ("power", "供电公司/用电信息_202411-202610.csv"),
    ("penalty", "行政审批局/行政处罚信息_双公示_20261112.csv"),
    ("dishonest_debtor", "人民法院/失信被执行人_20261112.csv"),
    ("power", "供电公司/用电信息_202605_补报_20261114.csv"),
    ("abnormal_operation", "市场监管局/经营异常名录_20261112.csv"),
    ("tax_violation", "税务局/重大税收违法失信主体名单.csv"),
    ("wage_arrears", "人社局/拖欠农民工工资失信联合惩戒对象名单.csv"),
    ("housing_fund", "住房公积金中心/单位缴存明细_202411-202610.xlsx"),
    ("water", "自来水公司/用水缴费信息_202411-202610.xlsx"),
    ("gas", "燃气公司/用气缴费信息_202411-202610.csv"),
    ("gas", "燃气公司/用气缴费信息(最终版).csv"),
    ("licence", "行政审批局/行政许可信息_双公示_20261112.xlsx"),
    ("technology_firm", "科技局/高新技术企业和科技型中小企业名单.xlsx"),
    ("specialised_firm", "工信局/专精特新中小企业名单.xlsx"),
    ("intellectual_property", "知识产权局/专利商标统计_2026年三季度.csv"),
    ("real_estate", "自然资源局/不动产核验结果_20261110.jsonl"),
    ("farm_scale", "农业农村局/新型农业经营主体种养殖规模_2026.xlsx"),
    ("bid_won", "公共资源交易中心/中标结果_202411-202611.csv"),
    ("credit_evaluation", "发展和改革局/公共信用综合评价结果_2026年度.csv"),
    ("credit_repair", "发展和改革局/信用修复结果_20261112.csv"),
    ("social_insurance", "人社局/社会保险缴费明细_202608_更正_20261113.csv"),
)


def take_the_deliveries_in(stage: Stage) -> Step:
    """Let each department's clerk deliver, and wait for the worker."""
    operator = stage.actor("operator")
    sources = {}
    for folder in DEPARTMENTS:
        codes = {code for code, name in DELIVERIES if name.startswith(f"{folder}/")}
        sources[folder] = records.set_source(
            actor=operator, organization=stage.departments[folder], item_codes=codes, now=stage.now
        )
    lines, links = [], {}
    totals = {"读取": 0, "非数据": 0, "入库": 0, "退回": 0, "待处理": 0, "重复": 0}
    for code, name in DELIVERIES:
        folder, _, file_name = name.partition("/")
        received = records.receive_delivery(
            actor=_clerk(stage, folder),
            source=sources[folder],
            item_code=code,
            file_name=file_name,
            content=delivery(name).read_bytes(),
            now=stage.now,
        )
        if received.job is not None:
            stage.wait(received.job)
        received.refresh_from_db()
        for label, count in zip(totals, _counts(received), strict=True):
            totals[label] += count
        lines.append(_line(received))
        links[file_name] = f"/records/deliveries/{received.pk}/"
    return Step("归集信用信息", totals, lines, links)


def _clerk(stage: Stage, folder: str) -> Actor:
    member = Membership.objects.filter(
        organization=stage.departments[folder], role=Role.DEPARTMENT, is_active=True
    ).select_related("user")
    return stage.actor_of(member.order_by("pk")[0])


def _counts(row: Delivery) -> tuple[int, ...]:
    return row.read, row.not_data, row.accepted, row.rejected, row.held, row.duplicate


def _line(row: Delivery) -> str:
    if row.repeats:
        return f"{row.file_name}：与第{row.repeats.pk}号报送“{row.repeats.file_name}”完全相同，未作任何改动"
    read, not_data, accepted, rejected, held, duplicate = _counts(row)
    return (
        f"{row.file_name}：读取 {read} = 非数据 {not_data} + 入库 {accepted} + 退回 {rejected}"
        f" + 待处理 {held} + 重复 {duplicate}"
    )
