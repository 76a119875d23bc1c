"""The whole story of a financing, as people live it on the pages: every step opens a page and presses a button there.

The worker's part is done by `work()`. Two things have no page and go through their service: which items a department
delivers, and the nightly refresh of the portraits.
"""

import io
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

import pypdf
import pytest

from apps.accounts.models import Organization
from apps.core.actor import SYSTEM
from apps.core.money import format_wan
from apps.profiles import services as profiles
from apps.records import services as records
from tests.journeys.conftest import PASSWORD
from tests.journeys.district import CSV_FILES, DELIVERIES, FIRM, NEIGHBOUR, cut_csv, cut_grades
from tests.journeys.visitor import Page, Visitor, upload
from tests.journeys.worker import seal_and_verify, work

pytestmark = pytest.mark.django_db

REGION = "610305"
BANK, OTHER_BANK = "岐丰农村商业银行股份有限公司", "周塬城市商业银行股份有限公司"
AUTHORITY, REGULATOR = "凤翔区发展和改革局", "凤翔金融监管支局"
# What each department delivers; the folder names of the sample files.
DEPARTMENTS = {
    "市场监管局": ["registration"],
    "税务局": ["tax_grade", "tax_payment"],
    "人社局": ["social_insurance"],
    "供电公司": ["power"],
    "行政审批局": ["penalty"],
    "人民法院": ["dishonest_debtor"],
}
STAFF = (
    (BANK, "银行客户经理", "bank.officer", "王经理"),
    (BANK, "银行审批人", "bank.approver", "赵行长"),
    (OTHER_BANK, "银行客户经理", "other.officer", "别家经理"),
    (AUTHORITY, "主管部门", "authority.clerk", "陈科员"),
    (AUTHORITY, "主管部门", "authority.chief", "孙科长"),
    (REGULATOR, "金融监管", "regulator", "郑监管"),
)
ITEMS = {
    "registration": "登记注册信息",
    "tax_grade": "纳税缴费信用级别",
    "tax_payment": "申报缴纳明细",
    "social_insurance": "社会保险缴费明细",
    "power": "用电信息",
    "penalty": "行政处罚",
    "dishonest_debtor": "失信被执行人",
}
# What becomes of every row of the cut-down files: read, not data, taken in, sent back, held, repeated.
ROWS = {
    "registration": (19, 0, 11, 5, 2, 1),
    "tax_grade": (17, 2, 11, 2, 2, 0),
    "tax_payment": (603, 0, 536, 4, 61, 2),
    "social_insurance": (244, 0, 211, 5, 27, 1),
    "power": (323, 0, 290, 5, 26, 2),
    "penalty": (8, 0, 5, 2, 1, 0),
    "dishonest_debtor": (4, 0, 2, 1, 1, 0),
}
COUNTS = ("读取", "非数据", "入库", "退回", "待处理", "重复")
FIRM_NAME = "陕西垚塬（凤翔）精密机械有限公司"
AMOUNT_WAN = 80


@dataclass
class District:
    """Everybody who acts, logged in."""

    now: datetime
    today: date
    operator: Visitor
    people: dict[str, Visitor] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)

    def __getitem__(self, username: str) -> Visitor:
        """A person, who logs in on the page the first time."""
        if username not in self.people:
            self.people[username] = Visitor(username, PASSWORD)
        return self.people[username]


def test_a_firm_finds_its_loan(operator: str, now: datetime, business_date: date) -> None:
    district = District(now, business_date, Visitor(operator, PASSWORD))
    found_the_district(district)
    deliver_the_facts(district)
    register_the_firms(district)
    give_consent(district)
    draw_the_portraits(district)
    publish_the_products(district)
    need = post_the_need(district)
    send_the_need(district, need)
    publish_the_whitelist(district)
    loan = apply_for_the_loan(district, need)
    decide_the_loan(district, loan)
    repaid_yuan = pay_out_and_repay(district, loan)
    report_the_firm(district)
    see_who_looked(district)
    count_the_lending(district, repaid_yuan)
    read_the_trail(district)
    assert seal_and_verify() > 100
    stay_within_the_budget(district)


def found_the_district(district: District) -> None:
    """The administrator sets up every organisation and its people."""
    kinds = {BANK: "银行", OTHER_BANK: "银行", AUTHORITY: "主管部门", REGULATOR: "金融监管部门"}
    for name in DEPARTMENTS:
        kinds[name] = "数据报送部门"
    for name, kind in kinds.items():
        region = {} if kind == "银行" else {"管辖区划代码": REGION}
        form = district.operator.open("/accounts/organizations/new/")
        page = district.operator.press(form, "新增", {"类别": kind, "名称": name} | region)
        district.places[name] = page.says(f"已新增单位“{name}”。").path
    own = district.operator.open("/accounts/organizations/?kind=platform").links("/accounts/organizations/")
    district.places["平台"] = own[-1]
    clerks = [(name, "数据报送部门", f"clerk-{n}", "刘报送") for n, name in enumerate(DEPARTMENTS, start=1)]
    for organization, role, username, person in (*STAFF, *clerks, ("平台", "审计管理员", "auditor", "冯审计")):
        hire(district, organization, role, username, person)


def hire(district: District, organization: str, role: str, username: str, person: str) -> None:
    """A person gets a role and a first password."""
    form = district.operator.open(f"{district.places[organization]}staff/new/")
    answers = {"用户名": username, "姓名": person, "角色": role, "初始密码": PASSWORD}
    district.operator.press(form, "新增", answers).says(f"已新增账号“{person}”。")


def deliver_the_facts(district: District) -> None:
    """Each department hands in its file, the register first; every row is accounted for on the page."""
    for name, items in DEPARTMENTS.items():
        organization = Organization.objects.get(name=name)
        records.set_source(actor=SYSTEM, organization=organization, item_codes=items, now=district.now)
    files = {item: cut_csv(item) for item in CSV_FILES} | {"tax_grade": cut_grades()}
    for number, items in enumerate(DEPARTMENTS.values(), start=1):
        for item in items:
            clerk = district[f"clerk-{number}"]
            form = clerk.open("/records/deliveries/new/")
            page = clerk.press(form, "报送", {"信息项": ITEMS[item], "文件": upload(*files[item])})
            page.says("文件已接收，正在处理。")
            work()
            page = clerk.open(page.path)
            assert tuple(int(page.tile(label).partition("行")[0]) for label in COUNTS) == ROWS[item], item


def register_the_firms(district: District) -> None:
    """Two firms sign up in public; a wrong name is refused at once; the administrator verifies them."""
    firms = (
        (FIRM, FIRM_NAME, "惠芮霞", "owner", "李向东"),
        (NEIGHBOUR, "凤翔塬楸饲料有限公司", "折磊瑶", "neighbour", "邻居"),
    )
    for code, name, representative, username, person in firms:
        visitor = Visitor()
        answers = {
            "统一社会信用代码": code,
            "企业名称": name,
            "法定代表人（负责人）": representative,
            "联系人姓名": person,
            "联系手机": "13900000001",
            "用户名": username,
            "密码": PASSWORD,
            "再次输入密码": PASSWORD,
        }
        form = visitor.open("/enterprises/register/")
        visitor.press(form, "提交核验", answers | {"企业名称": "凤翔区别家有限公司"}).says("企业名称与登记信息不一致")
        visitor.press(form, "提交核验", answers).says("注册已提交，平台核验后即可使用。", "等待核验")
        visitor.open("/consents/new/", status=403)
        [waiting] = district.operator.open("/enterprises/registrations/").links("/enterprises/registrations/")
        page = district.operator.open(waiting).says("实名核对一致")
        district.operator.press(page, "核验通过").says(f"“{name}”已通过核验，{person}成为企业负责人。")
        visitor.open("/enterprises/registration/").says("已通过核验")


def give_consent(district: District) -> None:
    """The owner reads the full text and signs; nobody else can."""
    owner = district["owner"]
    page = owner.press(owner.open("/consents/new/"), "下一步：阅读授权书").says("授权书全文", FIRM_NAME, FIRM)
    owner.press(page, "我已通读并同意，签署授权").says("授权已签署。", "全部入驻金融机构")
    district["bank.officer"].open("/consents/new/", status=403)


def draw_the_portraits(district: District) -> None:
    """The night draws everybody's portrait; the owner reads the own one, the neighbour's is closed to him."""
    profiles.refresh_profiles(actor=SYSTEM, business_date=district.today, as_known=district.now, now=district.now)
    work()
    district["owner"].open("/profiles/").says(FIRM_NAME)
    district["owner"].open(f"/profiles/{NEIGHBOUR}/", status=404)
    district["bank.officer"].open(f"/profiles/{FIRM}/", status=403)  # consent, but no reason yet


def publish_the_products(district: District) -> None:
    """The administrator imports the catalogue; an officer drafts one more by hand; the approver publishes."""
    catalogue = (DELIVERIES / "银行" / "金融产品目录.xlsx").read_bytes()
    form = district.operator.open("/products/import/")
    page = district.operator.press(form, "导入", {"产品目录（XLSX）": upload("金融产品目录.xlsx", catalogue)})
    page.says("生成草稿", "拒收")
    officer, approver = district["bank.officer"], district["bank.approver"]
    answers = {
        "产品名称": "岐丰设备贷",
        "最高额度（万元）": "100",
        "最长期限（月）": "24",
        "最低加点（BP）": "40",
        "担保方式": ["信用", "抵押"],
        "还款方式": ["等额本息"],
    }
    officer.press(officer.open("/products/own/new/"), "保存草稿", answers).says("草稿已保存")
    for version in officer.open("/products/own/").links("/products/"):
        page = officer.open(version)
        move = officer.open(page.link("提交审核"))
        officer.press(move, "提交审核").says("待审核")
        page = approver.open(version)
        publish = approver.open(page.link("发布")).form("发布")
        officer.send(publish, {}, status=403)
        approver.send(publish, {}).says("已发布")
    Visitor().open("/products/").says("岐丰设备贷", "岐丰税信贷")


def post_the_need(district: District) -> Page:
    """The owner says what is wanted and sees every product answer with its reasons."""
    owner = district["owner"]
    answers = {
        "融资金额（万元）": str(AMOUNT_WAN),
        "融资期限（月）": "24",
        "资金用途": "购置设备",
        "可接受最高年利率（%）": "5",
        "能否提供抵押物": "能",
    }
    page = owner.press(owner.open("/matching/needs/new/"), "发布并匹配", answers)
    page.part("岐丰设备贷").says("符合", "融资金额80万元，在不超过100万元的额度内。", "没有阻断融资申请的失信记录。")
    page.part("岐丰抵押快贷").says("符合", "纳税缴费信用级别为B，在接受的级别（A、B、M、C）内。")
    page.part("岐丰担保通").says("不符合", "社保连续缴费2个月，少于要求的6个月。", "没有说明能否提供保证，无法判断。")
    page.part("岐丰税信贷").says("不符合", "融资期限24个月，产品期限为不超过12个月。")
    page.part("岐丰惠农贷").says("不符合", "不属于支持的行业（农、林、牧、渔业）。")
    return page.says("融资需求已发布，以下是匹配结果。")


def send_the_need(district: District, need: Page) -> None:
    """The owner sends the need to the bank of the best product; now the bank may look, others may not."""
    owner, officer = district["owner"], district["bank.officer"]
    owner.press(need.part("岐丰设备贷"), "发送给银行").says(f"已发送给{BANK}。")
    [received] = officer.open("/matching/dispatches/").links("/matching/dispatches/")
    officer.press(officer.open(received), "提交", {"答复": "接收"}).says("已答复企业。")
    officer.open(f"/profiles/{FIRM}/").says(FIRM_NAME)
    district["other.officer"].open(received, status=404)
    district["other.officer"].open(f"/profiles/{FIRM}/", status=403)
    district["neighbour"].open(need.path, status=404)
    district["bank.officer"].open("/matching/needs/new/", status=403)


def publish_the_whitelist(district: District) -> None:
    """The clerk screens, the chief approves and publishes, the list goes to the bank, and its officer answers."""
    clerk, chief, officer = district["authority.clerk"], district["authority.chief"], district["bank.officer"]
    form = clerk.open("/whitelist/programmes/new/")
    programme = clerk.press(form, "保存草稿", {"名称": "凤翔区四季度白名单", "平台信用评分不低于": ""})
    programme = clerk.press(programme, "启用").says("白名单已启用。")
    run = clerk.press(programme, "开始筛选").says("筛选已开始，完成后由另一位同事复核。")
    work()
    assert not clerk.open(run.path).says("等待复核", "参加筛选").forms("复核通过")
    approval = chief.open(run.path)
    clerk.send(approval.form("复核通过"), {}, status=403)
    chief.press(chief.press(approval, "复核通过"), "发布").says("已发布，1 户在册。")
    clerk.press(clerk.open(programme.path), "推送", {"推送给": BANK})
    work()
    clerk.open(programme.path).says("推送 1 户")
    [push] = officer.open("/whitelist/pushes/").links("/whitelist/pushes/")
    for button, state in (("接收", "已接收"), ("已联系企业", "已联系"), ("受理", "已受理")):
        officer.press(officer.open(push), button).says(f"已登记：{state}。")
    officer.open(f"{push}?show=reasons").says("列入依据")
    district["other.officer"].open(push, status=404)
    district["owner"].open("/whitelist/own/").says("凤翔区四季度白名单", BANK)


def apply_for_the_loan(district: District, need: Page) -> str:
    """The owner applies for the product from the need; returns the address of the application."""
    owner, officer = district["owner"], district["bank.officer"]
    form = owner.open(owner.open(need.path).part("岐丰设备贷").link("在线申请"))
    page = owner.press(form, "保存草稿", {"用途说明": "购置数控车床"}).says("申请已保存为草稿，请核对后提交。")
    submit = page.form("提交")
    officer.send(submit, {}, status=404)  # a draft is nobody's but the firm's
    owner.send(submit, {}).says("申请已提交给银行。")
    district["neighbour"].open(page.path, status=404)
    district["other.officer"].open(page.path, status=404)
    district["regulator"].open(page.path, status=403)
    return page.path


def decide_the_loan(district: District, loan: str) -> None:
    """The officer accepts, the approver approves; neither can do the other's part."""
    officer, approver = district["bank.officer"], district["bank.approver"]
    accept = officer.open(loan).form("受理")
    approver.send(accept, {}, status=403)
    officer.send(accept, {}).says("已受理。")
    approve = approver.open(loan).form("批准")
    terms = {"年利率（%）": "3.5", "还款方式": "等额本息", "担保方式": "信用", "额度有效期（月）": "24"}
    officer.send(approve, terms, status=403)
    approver.send(approve, terms).says("已批准，额度已建立。")


def pay_out_and_repay(district: District, loan: str) -> Decimal:
    """The officer registers the disbursement and the first payment; returns how much principal that repaid."""
    officer, approver, owner = district["bank.officer"], district["bank.approver"], district["owner"]
    reserve = officer.open(loan).form("预占额度")
    wanted = {"银行业务编号": "QF-20261115-001", "是否首贷": "是，此前没有银行贷款记录"}
    approver.send(reserve, wanted, status=403)
    page = officer.send(reserve, wanted).says("额度已预占，放款后请确认。")
    page = officer.press(page, "确认放款").says("放款已登记，还款计划已生成。", "第 24 期")
    [first] = [row for row in page.rows() if row[0] == "第 1 期"]
    principal, interest = (Decimal(cell.replace(",", "").removesuffix("元")) for cell in first[2:4])
    repay = page.form("登记还款")
    paid = {"银行业务编号": "QF-20261115-002", "还款金额（元）": str(principal + interest)}
    owner.send(repay, paid, status=403)
    officer.send(repay, paid).says("还款已登记。", "QF-20261115-002")
    owner.open(loan).says("已放款", "第 1 期")
    assert "第 1 期" not in owner.open("/loans/repayments/").says("第 2 期").text
    return principal


def report_the_firm(district: District) -> None:
    """The bank has the credit report printed; anybody can check its number and whether a copy is genuine."""
    officer = district["bank.officer"]
    form = officer.open("/reports/new/")
    page = officer.press(form, "生成报告", {"企业": f"{FIRM_NAME}（{FIRM}）", "用途": "贷前审查"}).says("正在生成报告")
    work()
    page = officer.open(page.path)
    printed = officer.download(page.link("下载 PDF"))
    assert FIRM in pypdf.PdfReader(io.BytesIO(printed)).pages[0].extract_text()
    number = page.fact("报告编号")
    anybody = Visitor()
    checked = anybody.open(f"/reports/verify/?number={number}").says("有效", number)
    assert FIRM_NAME not in checked.text
    anybody.press(checked, "核对", {"PDF 文件": upload("report.pdf", printed)}).says("文件一致")
    anybody.press(checked, "核对", {"PDF 文件": upload("report.pdf", printed + b" ")}).says("文件不一致")
    anybody.open("/reports/verify/XQ0000000000000000/", status=404)
    district["other.officer"].open(page.path, status=404)


def see_who_looked(district: District) -> None:
    """The owner reads who looked and why; the neighbour was looked at by nobody."""
    page = district["owner"].open("/consents/access-records/").says(BANK, "王经理", "贷前审查")
    assert OTHER_BANK not in page.text
    district["neighbour"].open("/consents/access-records/").says("还没有人查过")


def count_the_lending(district: District, repaid_yuan: Decimal) -> None:
    """The day is counted; the regulator reads figures that agree with the one loan."""
    page = district.operator.open("/statistics/lending/")
    district.operator.press(page, "统计这一天", {"日期": district.today.isoformat()})
    work()
    page = district["regulator"].open("/statistics/lending/").says("全部一致")
    district["bank.officer"].open("/statistics/lending/", status=403)
    figures = {tile: page.tile(tile) for tile in ("贷款申请", "放款", "首贷", "贷款余额", "不良贷款余额")}
    lent, open_yuan = f"{AMOUNT_WAN}万元 1 笔", AMOUNT_WAN * 10_000 - repaid_yuan
    assert figures == {
        "贷款申请": lent,
        "放款": lent,
        "首贷": lent,
        "贷款余额": f"{format_wan(open_yuan)} 1 笔",
        "不良贷款余额": "0万元 0 笔",
    }
    assert page.rows()[0][:2] == [BANK, "<5"]  # one firm is no statistic


def read_the_trail(district: District) -> None:
    """The auditor finds every refusal of the story and what was done; nobody else reads the trail."""
    rows = district["auditor"].open_all("/core/audit/")
    refused = [row for row in rows if "拒绝操作" in row[1]]
    assert len(refused) == sum(visitor.refusals for visitor in district.people.values()) > 10
    assert any("发起筛选的人不能复核自己的结果" in row[3] and "陈科员" in row[2] for row in refused)
    for sentence, who in (("签署授权", "李向东"), ("发布白名单", "孙科长"), ("登记放款", "王经理"), ("登录", "冯审计")):
        assert any(sentence in row[1] and who in row[2] for row in rows), sentence
    district.operator.open("/core/audit/", status=403)


def stay_within_the_budget(district: District) -> None:
    """No page asks the database more than it should; the import alone asks for every row of its file."""
    asked = [asked for visitor in (district.operator, *district.people.values()) for asked in visitor.queries]
    over = [row for row in asked if row[0] > (45 if row[1].startswith("GET") else 70)]
    assert [request for _, request in over] == ["POST /products/import/"], over
