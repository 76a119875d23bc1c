import pickle

import pytest

from apps.core.errors import (
    DomainError,
    InvalidInput,
    NotPermitted,
    NotVisible,
    PreconditionFailed,
    ServiceUnavailable,
    StateConflict,
    problem,
)

STATUSES = {
    NotPermitted: 403,
    NotVisible: 404,
    StateConflict: 409,
    PreconditionFailed: 412,
    InvalidInput: 422,
    ServiceUnavailable: 503,
}


@pytest.mark.parametrize(("kind", "status"), STATUSES.items(), ids=lambda value: getattr(value, "__name__", None))
def test_each_kind_has_its_status_code_and_sentence(kind: type[DomainError], status: int) -> None:
    error = kind()
    assert error.status == status
    assert error.title
    assert error.message.endswith("。")
    assert str(error) == error.message
    assert str(kind("说明。")) == "说明。"


def test_codes_are_told_apart() -> None:
    assert len({kind.code for kind in STATUSES}) == len(STATUSES)


def test_problem_is_the_body_of_rfc_9457() -> None:
    error = InvalidInput("有两处填写有误。", fields={"amount_yuan": "金额最多两位小数。"})
    assert problem(error, instance="/api/v1/needs/") == {
        "type": "about:blank#invalid-input",
        "title": "输入有误",
        "status": 422,
        "detail": "有两处填写有误。",
        "instance": "/api/v1/needs/",
        "code": "invalid-input",
        "errors": {"amount_yuan": "金额最多两位小数。"},
    }


def test_problem_names_no_fields_where_there_are_none() -> None:
    assert "errors" not in problem(NotVisible(), instance="/x/")


def test_a_child_keeps_the_status_of_its_kind() -> None:
    class QuotaExhausted(StateConflict):
        code = "quota-exhausted"
        title = "额度已用完"

    assert (QuotaExhausted.status, QuotaExhausted().code) == (409, "quota-exhausted")
    assert QuotaExhausted().message == StateConflict.default_message


def test_a_code_that_is_not_kebab_case_is_refused_at_import() -> None:
    with pytest.raises(TypeError, match="kebab-case"):
        type("Bad", (DomainError,), {"code": "Not_Kebab"})
    with pytest.raises(TypeError, match="status"):
        type("Bad", (DomainError,), {"status": 200})


def test_errors_survive_pickling() -> None:
    copy = pickle.loads(pickle.dumps(InvalidInput("有误。", fields={"code": "缺少。"})))
    assert (type(copy), copy.message, copy.fields) == (InvalidInput, "有误。", {"code": "缺少。"})
