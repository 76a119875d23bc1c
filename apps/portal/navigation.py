"""Where each role can go: one table, and what each role does here in a sentence."""

from dataclasses import dataclass

from django.urls import reverse

from apps.core.actor import Actor, Role

FIRM = frozenset({Role.FIRM_OWNER, Role.FIRM_ACCOUNTANT})
BANK = frozenset({Role.BANK_OFFICER, Role.BANK_APPROVER})
AUTHORITY = frozenset({Role.AUTHORITY})
DEPARTMENT = frozenset({Role.DEPARTMENT})
OPERATOR = frozenset({Role.OPERATOR})
AUDITOR = frozenset({Role.AUDITOR})
REGULATOR = frozenset({Role.REGULATOR})
SUPERVISORS = REGULATOR | AUTHORITY | OPERATOR | AUDITOR


@dataclass(frozen=True, slots=True)
class Place:
    """An entry of the main navigation; no roles named means everybody, logged in or not. `hint` says what is there."""

    label: str
    url_name: str
    icon: str
    hint: str
    roles: frozenset[Role] = frozenset()


PLACES: tuple[Place, ...] = (
    Place("工作台", "portal:home", "house", "待办与通知"),
    Place("产品大厅", "products:hall", "shop", "各银行在售产品的额度、期限、利率与条件"),
    Place("信用画像", "profiles:own_profile", "speedometer2", "本企业的评分、指标、名单与数据来源", FIRM),
    Place("融资需求", "matching:need_list", "cash-coin", "填写需求，看匹配结果与理由", FIRM | SUPERVISORS - AUDITOR),
    Place("收到的需求", "matching:dispatch_list", "send", "企业发来的融资需求，接收或说明原因", BANK),
    Place("推荐企业", "whitelist:push_list", "megaphone", "主管部门推荐的白名单企业，联系与反馈", BANK),
    Place("融资申请", "loans:application_list", "journal-check", "申请、受理、审批、放款与还款", FIRM | BANK),
    Place("待还款", "loans:repayment_list", "receipt", "还款日与应还本息", FIRM),
    Place("白名单", "whitelist:programme_list", "flag", "条件、筛选、发布与推送", AUTHORITY | REGULATOR),
    Place("我的白名单", "whitelist:own_listings", "patch-check", "本企业入选的白名单与理由", FIRM),
    Place("我的授权", "consents:consent_list", "shield-check", "授权哪些银行查看、随时撤回", FIRM),
    Place("谁查过我", "consents:access_record_list", "eye", "每一次查看都有记录", FIRM),
    Place("自报信息", "enterprises:declaration", "pencil-square", "从业人数、营业收入、资产总额", FIRM),
    Place("产品管理", "products:own_list", "briefcase", "编制、提交与发布本行产品", BANK),
    Place("收到的授权", "consents:consent_list", "shield-check", "哪些企业授权了本单位", BANK | AUTHORITY),
    Place("查询记录", "consents:access_record_list", "eye", "本单位查看企业信息的全部记录", BANK | AUTHORITY | AUDITOR),
    Place("数据报送", "records:delivery_list", "cloud-upload", "上报文件、查看入库与退回", DEPARTMENT | OPERATOR),
    Place(
        "数据质量",
        "records:quality",
        "clipboard-data",
        "及时、完整、合规、重错码与月度通报",
        DEPARTMENT | OPERATOR | AUDITOR,
    ),
    Place(
        "数据核验",
        "records:verification_list",
        "patch-check",
        "向来源单位提问的通道、批次与答复",
        DEPARTMENT | OPERATOR | AUDITOR,
    ),
    Place("待处理数据", "records:held_row_list", "hourglass-split", "须人工判断的报送行", DEPARTMENT | OPERATOR),
    Place("企业注册核验", "enterprises:registration_list", "patch-check", "核对代码、名称与法定代表人", OPERATOR),
    Place("单位与账号", "accounts:organization_list", "people", "银行、部门及其人员", OPERATOR),
    Place("到期处理证明", "records:proof_list", "trash", "到期删除和停用的数据及其摘要", OPERATOR | AUDITOR),
    Place("信息目录", "records:catalogue_list", "journal-check", "信息项、列名与别名", OPERATOR),
    Place("报送范围", "records:source_list", "card-checklist", "各单位报送哪些信息项", OPERATOR),
    Place("基础数据", "reference:index", "calendar3", "工作日历、LPR、区划、名单、政策数值", OPERATOR),
    Place("信用报告", "reports:list", "file-earmark-pdf", "生成、下载与核验报告", FIRM | BANK | OPERATOR),
    Place("统计", "statistics:index", "graph-up", "贷款、对接、白名单与使用情况的汇总", SUPERVISORS),
    Place("运行状况", "operations:status", "gear", "夜间任务、数据新鲜度与后台任务", OPERATOR),
    Place("审计", "core:trail", "list-check", "平台上的每一个操作", AUDITOR),
)

FRONT = "首页"  # what a stranger, who has no work here, reads for 工作台

# What a role is here for: the first sentence that a newcomer reads.
GUIDES: dict[str, str] = {
    Role.FIRM_OWNER: "先签署授权并填报自报信息，再发布融资需求；平台逐条说明哪些产品符合、还差什么，看中后在线申请。",
    Role.FIRM_ACCOUNTANT: "填报自报信息、起草融资需求与申请；授权和提交由企业负责人办理。",
    Role.BANK_OFFICER: "处理推荐来的企业与融资需求，受理申请，登记放款与还款。",
    Role.BANK_APPROVER: "审批客户经理受理的申请，复核产品发布。",
    Role.AUTHORITY: "设定白名单条件，筛选、核对后发布并推送给银行，跟踪银行反馈。",
    Role.DEPARTMENT: "按目录报送数据，查看入库、退回与待处理的行，更正后重报。",
    Role.REGULATOR: "查看融资对接与贷款投放的汇总数据。",
    Role.OPERATOR: "核验企业注册，设立单位与账号，维护基础数据，处理须人工判断的数据。",
    Role.AUDITOR: "查阅审计记录与查询记录，核验审计链。",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """A place as the page shows it."""

    label: str
    url: str
    icon: str
    hint: str
    active: bool


def entries_for(actor: Actor | None, path: str) -> list[Entry]:
    """The navigation of an actor, the place of `path` marked."""
    places = [place for place in PLACES if not place.roles or (actor is not None and actor.has(*place.roles))]
    urls = [reverse(place.url_name) for place in places]
    here = _here(urls, path)
    labels = [FRONT if actor is None and url == "/" else place.label for place, url in zip(places, urls, strict=True)]
    return [
        Entry(label, url, place.icon, place.hint, url == here)
        for label, place, url in zip(labels, places, urls, strict=True)
    ]


def _here(urls: list[str], path: str) -> str:
    """The place that a path belongs to: the longest that it begins with, else the first of the same app."""
    if path == "/":
        return path
    inner = [url for url in urls if url != "/"]
    begun = max((url for url in inner if path.startswith(url)), key=len, default="")
    app = path.split("/")[1]
    return begun or next((url for url in inner if url.split("/")[1] == app), "")


def guides_for(actor: Actor) -> list[str]:
    """What the actor is here for, a sentence a role."""
    return [GUIDES[role] for role in sorted(actor.roles) if role in GUIDES]
