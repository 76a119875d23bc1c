"""The story in a browser, shortened: a firm's need becomes a loan, click by click, by the sample accounts.

Every page on the way is looked at in two widths: one heading, every control named, nothing wider than a phone, no
complaint of the browser, and nothing against WCAG 2.2 AA that axe-core finds. XINQIAO_SCREENSHOTS keeps the pictures.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

import pytest
from django.db import connections
from playwright.sync_api import Browser, Page, expect, sync_playwright
from pytest_django.live_server_helper import LiveServer

from apps.demo.report import Step
from apps.demo.story import district, firms, intake, offers, portraits
from apps.demo.supervisor import Supervisor
from config.bootstrap.system import CHROMIUM
from tests.journeys import browser as chromium
from tests.journeys.stage import AtOnce
from tests.journeys.worker import work

EXECUTABLE = chromium.executable()
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.present(), reason=f"needs Chromium and its driver's library: {CHROMIUM.command()}"),
    pytest.mark.django_db(transaction=True),
]

STEPS = (
    district.found_the_district,
    intake.take_the_deliveries_in,
    firms.register_the_firms,
    portraits.draw_the_portraits,
    offers.publish_the_products,
)
PRODUCT = "岐丰抵押快贷"


@pytest.fixture
def prepared(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, now: datetime) -> list[Step]:
    """The demonstration up to its products, with few firms."""
    monkeypatch.setattr(firms, "REGISTERED", 3)
    monkeypatch.setattr(firms, "CONSENTING", 2)
    stage = AtOnce(Supervisor(tmp_path / "stage"), lambda text: None)
    return [act(stage) for act in STEPS]


@dataclass
class Street:
    """The site, the browser, and everybody who has a window open."""

    browser: Browser
    site: str
    album: chromium.Album
    windows: dict[str, Page] = field(default_factory=dict)

    def window(self, who: str) -> Page:
        """The window of a sample account, by the person's name; logs in by one click the first time."""
        if who not in self.windows:
            self.windows[who] = self.enter(who)
        return self.windows[who]

    def enter(self, who: str, *, scripts: bool = True) -> Page:
        """A new window in which a sample account has logged in."""
        context = self.browser.new_context(
            base_url=self.site, viewport=chromium.WIDE, locale="zh-CN", java_script_enabled=scripts
        )
        context.set_default_timeout(8_000)
        page = self.album.listen(context.new_page())
        page.goto("/account/login/")
        page.locator("button.sample", has_text=who).click()
        expect(page.get_by_role("heading", level=1)).to_contain_text(who)
        return page


@pytest.fixture
def street(
    prepared: list[Step], live_server: LiveServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Street]:
    """Chromium in front of the live site."""
    # Playwright's loop runs in this thread; Django would take our own queries for queries of that loop.
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    pictures = Path(os.environ.get("XINQIAO_SCREENSHOTS") or tmp_path / "pictures")
    assert EXECUTABLE is not None
    with sync_playwright() as playwright:
        browser = chromium.launch(playwright.chromium, EXECUTABLE, tmp_path)
        yield Street(browser, live_server.url, chromium.Album(pictures))
        browser.close()
        # Django keeps a connection opened while a loop runs apart from the thread's own. Left open, it would stand in
        # the way of dropping the database, long after, in the name of whichever test comes last.
        connections.close_all()


def test_a_need_becomes_a_loan_in_the_browser(street: Street, business_date: date) -> None:
    look_around(street)
    post_without_scripts(street)
    need = post_the_need(street)
    loan = apply(street, need)
    decide(street, loan)
    pay_out_and_repay(street, loan, business_date)
    count(street, business_date)
    assert not street.album.faults, "\n".join(street.album.faults)
    assert len(street.album.pages) >= 15


def look_around(street: Street) -> None:
    """The public pages, and what a firm's owner finds at home."""
    page = street.album.listen(street.browser.new_page(base_url=street.site, viewport=chromium.WIDE))
    for name, path in (("front", "/"), ("login", "/account/login/"), ("hall", "/products/"),
                       ("register", "/enterprises/register/"), ("verify", "/reports/verify/")):  # fmt: skip
        page.goto(path)
        street.album.look(page, name)
    owner = street.window("李向东")
    street.album.look(owner, "owner-home")
    follow(owner, "/profiles/")
    expect(owner.get_by_role("heading", level=1)).to_contain_text("垚塬")
    street.album.look(owner, "portrait")
    for name, place in (
        ("consents", "/consents/"),
        ("who-looked", "/consents/access-records/"),
        ("declaration", "/enterprises/declaration/"),
    ):
        follow(owner, place)
        street.album.look(owner, name)


def follow(page: Page, address: str) -> None:
    """Click the navigation's link to a place, whatever it is called, and wait until the place is there.

    The click answers before the next document has begun; a look at the page between the two finds no document at all.
    """
    with page.expect_navigation():
        page.locator(f"header a[href='{address}'], nav a[href='{address}']").first.click()


def fill_the_need(page: Page, amount_wan: str) -> None:
    """Open the form from the list and fill it in."""
    follow(page, "/matching/needs/")
    page.locator("main a[href='/matching/needs/new/']").first.click()
    for label, value in (("融资金额（万元）", amount_wan), ("融资期限（月）", "24"), ("可接受最高年利率（%）", "5")):
        page.get_by_label(label).fill(value)
    page.get_by_label("资金用途").select_option(label="购置设备")
    page.get_by_label("能否提供抵押物").select_option(label="能")


def post_without_scripts(street: Street) -> None:
    """The core step works where scripts are off: a need is posted and every product answers."""
    page = street.enter("周会计", scripts=False)
    fill_the_need(page, "60")
    page.get_by_role("button", name="发布并匹配").click()
    expect(page.get_by_text("融资金额60万元，在50万元至2,000万元的额度内。").first).to_be_attached()
    expect(page.get_by_role("heading", name=PRODUCT)).to_be_visible()
    page.context.close()


def post_the_need(street: Street) -> str:
    """The owner posts a need, unfolds the reasons, and sends it to the bank; returns the address of the need."""
    owner = street.window("李向东")
    fill_the_need(owner, "80")
    street.album.look(owner, "need-form")
    owner.get_by_role("button", name="发布并匹配").click()
    best = owner.locator("article", has=owner.get_by_role("heading", name=PRODUCT))
    best.get_by_text("条理由").click()
    expect(best.get_by_text("登记状态为存续。")).to_be_visible()
    street.album.look(owner, "need")
    best.get_by_role("button", name="发送给银行").click()
    expect(owner.get_by_text("已发送给岐丰农村商业银行股份有限公司。")).to_be_visible()
    return owner.url


def apply(street: Street, need: str) -> str:
    """The owner applies from the answer of the product; returns the address of the application."""
    owner = street.window("李向东")
    owner.goto(need)
    owner.locator("article", has=owner.get_by_role("heading", name=PRODUCT)).get_by_role(
        "link", name="在线申请"
    ).click()
    expect(owner.get_by_label("申请金额（元）")).to_have_value("800000.00")
    street.album.look(owner, "application-form")
    owner.get_by_role("button", name="保存草稿").click()
    owner.get_by_role("button", name="提交", exact=True).click()
    expect(owner.get_by_text("申请已提交给银行。")).to_be_visible()
    street.album.look(owner, "application")
    return owner.url


def decide(street: Street, loan: str) -> None:
    """The officer finds the need and the application at work and accepts; the approver approves."""
    officer, approver = street.window("王经理"), street.window("赵行长")
    street.album.look(officer, "officer-home")
    follow(officer, "/matching/dispatches/")
    street.album.look(officer, "dispatches")
    officer.goto(loan)
    officer.get_by_role("button", name="受理", exact=True).click()
    expect(officer.get_by_text("已受理。")).to_be_visible()
    approver.goto(loan)
    approver.get_by_label("年利率（%）").fill("3.6")
    street.album.look(approver, "approval")
    approver.get_by_role("button", name="批准", exact=True).click()
    expect(approver.get_by_text("已批准，额度已建立。")).to_be_visible()


def pay_out_and_repay(street: Street, loan: str, today: date) -> None:
    """The officer pays out and registers a first payment; the owner sees both."""
    officer, owner = street.window("王经理"), street.window("李向东")
    officer.goto(loan)
    officer.get_by_label("银行业务编号").fill("QF-1")
    officer.get_by_label("是否首贷").select_option(label="是，此前没有银行贷款记录")
    street.album.look(officer, "reserve")
    officer.get_by_role("button", name="预占额度").click()
    officer.get_by_text("确认放款", exact=True).first.click()
    officer.get_by_role("button", name="确认放款").click()
    expect(officer.get_by_text("放款已登记，还款计划已生成。")).to_be_visible()
    officer.get_by_text("登记还款", exact=True).first.click()
    officer.get_by_label("银行业务编号").last.fill("QF-2")
    officer.get_by_label("还款金额（元）").fill("34000")
    officer.get_by_label("还款日期").fill(today.isoformat())
    street.album.look(officer, "repay")
    officer.get_by_role("button", name="登记还款").click()
    expect(officer.get_by_text("还款已登记。")).to_be_visible()
    owner.goto("/loans/repayments/")
    expect(owner.get_by_text("第 2 期").first).to_be_visible()
    street.album.look(owner, "repayments")


def count(street: Street, today: date) -> None:
    """The administrator has the day counted; the regulator sees the loan in the figures."""
    operator, regulator = street.window("吴管理"), street.window("郑监管")
    operator.goto("/statistics/lending/")
    operator.locator("input[type=date]").fill(today.isoformat())
    with operator.expect_navigation():
        operator.get_by_role("button", name="统计这一天").click()
    street.album.look(operator, "job")
    work()
    regulator.goto("/statistics/lending/")
    expect(regulator.locator(".tile", has_text="放款").first).to_contain_text("80万元")
    street.album.look(regulator, "lending")
