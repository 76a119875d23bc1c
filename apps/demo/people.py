"""The district's organisations and the sample accounts, one for each role; all invented."""

from dataclasses import dataclass

from apps.core.actor import OrganizationKind, Role

REGION = "610305"
# A firm of the sample deliveries with an open financing need: its owner is the sample firm's owner.
MAIN_FIRM = "91610305YY0756CE27"
PLATFORM = "凤翔区信用平台办公室"
AUTHORITY = "凤翔区发展和改革局"
REGULATOR = "凤翔金融监管支局"

# Folder of fixtures/demo/deliveries → the department that sends it.
DEPARTMENTS = {
    "市场监管局": "宝鸡市凤翔区市场监督管理局",
    "税务局": "国家税务总局宝鸡市凤翔区税务局",
    "人社局": "宝鸡市凤翔区人力资源和社会保障局",
    "住房公积金中心": "宝鸡市住房公积金管理中心凤翔区管理部",
    "供电公司": "凤翔区供电公司",
    "自来水公司": "凤翔区自来水公司",
    "燃气公司": "凤翔区燃气公司",
    "行政审批局": "宝鸡市凤翔区行政审批服务局",
    "人民法院": "宝鸡市凤翔区人民法院",
    "科技局": "宝鸡市凤翔区科学技术局",
    "工信局": "宝鸡市凤翔区工业和信息化局",
    "知识产权局": "宝鸡市凤翔区知识产权局",
    "自然资源局": "宝鸡市凤翔区自然资源局",
    "农业农村局": "宝鸡市凤翔区农业农村局",
    "公共资源交易中心": "宝鸡市凤翔区公共资源交易中心",
    "发展和改革局": "宝鸡市凤翔区发展和改革局信用中心",
}

BANKS = (
    "岐丰农村商业银行股份有限公司",
    "周塬城市商业银行股份有限公司",
    "雍阳村镇银行有限责任公司",
    "西府普惠银行股份有限公司",
    "秦陇产业银行凤翔支行",
    "汧渭科创银行股份有限公司",
)


@dataclass(frozen=True, slots=True)
class SampleAccount:
    """A one-click account: who one becomes and what one can do there."""

    key: str
    display_name: str
    role: str
    organization: str
    kind: str
    description: str

    @property
    def username(self) -> str:
        """The account's name; it has no usable password."""
        return f"demo-{self.key}"


FIRM_KEYS = ("firm-owner", "firm-accountant")
SAMPLE_ACCOUNTS: tuple[SampleAccount, ...] = (
    SampleAccount(
        "firm-owner", "李向东", Role.FIRM_OWNER, "", OrganizationKind.FIRM, "查看画像与匹配结果，授权，申请贷款"
    ),
    SampleAccount(
        "firm-accountant", "周会计", Role.FIRM_ACCOUNTANT, "", OrganizationKind.FIRM, "填写融资需求与申请草稿"
    ),
    SampleAccount(
        "bank-officer",
        "王经理",
        Role.BANK_OFFICER,
        "岐丰农村商业银行股份有限公司",
        OrganizationKind.BANK,
        "受理推荐企业与贷款申请，登记放款还款",
    ),
    SampleAccount(
        "bank-approver",
        "赵行长",
        Role.BANK_APPROVER,
        "岐丰农村商业银行股份有限公司",
        OrganizationKind.BANK,
        "审批贷款，发布金融产品",
    ),
    SampleAccount("authority", "陈科员", Role.AUTHORITY, AUTHORITY, OrganizationKind.AUTHORITY, "筛选白名单并推送银行"),
    SampleAccount(
        "authority-second", "孙科长", Role.AUTHORITY, AUTHORITY, OrganizationKind.AUTHORITY, "复核并发布白名单"
    ),
    SampleAccount(
        "department",
        "刘报送",
        Role.DEPARTMENT,
        DEPARTMENTS["人社局"],
        OrganizationKind.DEPARTMENT,
        "报送社保缴费数据，处理退回记录",
    ),
    SampleAccount("regulator", "郑监管", Role.REGULATOR, REGULATOR, OrganizationKind.REGULATOR, "查看贷款统计"),
    SampleAccount(
        "operator", "吴管理", Role.OPERATOR, PLATFORM, OrganizationKind.PLATFORM, "维护单位账号与基础数据，核验企业"
    ),
    SampleAccount("auditor", "冯审计", Role.AUDITOR, PLATFORM, OrganizationKind.PLATFORM, "查看审计记录"),
)
SAMPLE_BY_KEY = {account.key: account for account in SAMPLE_ACCOUNTS}
