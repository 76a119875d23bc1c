"""Why a row was rejected, held, set aside or accepted with a remark: codes and Chinese sentences (design §5)."""

from typing import Final

REJECTED: Final = {
    "broken_record": "该行不完整：列数与表头不一致，或不是一个完整的JSON对象（可能缺少分隔符、引号未闭合或被截断）。",
    "natural_person": "该行的相对人是自然人，本信息项只接收法人、非法人组织和个体工商户。",
    "missing": "必填项“{label}”为空。",
    "destroyed_number": "“{label}”的值“{value}”是电子表格的科学计数形式，原号码已丢失，请改为文本格式后重报。",
    "zeros_lost": "“{label}”的值“{value}”位数不足，可能被电子表格去掉了开头的零，请改为文本格式后重报。",
    "code_length": "“{label}”应为18位，实际为{length}位。",
    "code_alphabet": "“{label}”含有统一社会信用代码不允许的字符（第3至8位应为数字，不使用I、O、S、V、Z）。",
    "code_outer": "“{label}”的第18位校验码不符，请核对是否录错。",
    "code_inner": "“{label}”的第17位校验码不符（错码），请核对主体标识码。",
    "unreadable_date": "“{label}”的值“{value}”不是可识别的日期，请写成2026-01-31。",
    "unreadable_month": "“{label}”的值“{value}”不是可识别的月份，请写成202601。",
    "unreadable_year": "“{label}”的值“{value}”不是四位年份。",
    "impossible_date": "“{label}”的值“{value}”不是存在的日期。",
    "future_date": "“{label}”的值“{value}”晚于接收日期。",
    "period_reversed": "所属期止早于所属期起。",
    "negative": "“{label}”的值“{value}”为负数，该项不应为负。",
    "unit_in_number": "“{label}”的值“{value}”带有单位，请按列名的单位只写数字。",
    "chinese_number": "“{label}”的值“{value}”是中文数字，请用阿拉伯数字填写。",
    "spreadsheet_error": "“{label}”的值“{value}”是电子表格的计算错误。",
    "not_a_number": "“{label}”的值“{value}”不是数字。",
    "not_an_integer": "“{label}”的值“{value}”应为整数。",
    "out_of_range": "“{label}”的值“{value}”超出可接受的范围。",
    "invalid_value": "“{label}”的值“{value}”不在代码表内，可填：{allowed}。",
    "bad_format": "“{label}”的值“{value}”格式不符。",
    "too_long": "“{label}”的内容过长（最多{max_length}字）。",
}

HELD: Final = {
    "conflict": "同一份文件中有相同主键而内容不同的行，需报送单位确认以哪一行为准。",
    "one_code_many_subjects": "一码多赋：同一统一社会信用代码对应不同的主体名称，需登记机关确认。",
    "one_subject_many_codes": "一主体多码：同一主体（名称、负责人相同）有不同的统一社会信用代码，需登记机关确认。",
    "unknown_subject": "代码正确，但登记注册信息中（尚）无此主体；每次收到登记注册信息后自动重试。",
    "nothing_to_correct": "要更正或撤销的行尚未入库（可能先于原报送到达）；每次收到该信息项的报送后自动重试。",
    "other_source": "另一报送单位已就同一主键报送了不同的内容，两方的内容各自保留，需确认以哪一方为准。",
    "overtaken": "等待期间，同一主键已按较晚的报送入库了不同的内容，需确认以哪一个为准。",
}

NOT_DATA: Final = {
    "blank": "空行",
    "header": "重复的表头",
    "title": "标题行",
    "subtotal": "合计、小计行",
    "note": "说明、填报信息",
}

DUPLICATE: Final = {"in_file": "文件内重复", "stored": "此前已入库"}

CORRECTED: Final = {"replaced": "更正", "withdrawn": "撤销"}

NORMALISED: Final = {
    "code_form": "代码的大小写、全半角、空格或连字符",
    "date_form": "日期写法",
    "month_form": "月份写法",
    "year_form": "年份写法",
    "number_form": "金额或数字写法",
    "rounded": "小数位数四舍五入",
    "null_form": "空值写法",
    "value_form": "代码值写法",
    "text_form": "全半角、空格或括号",
    "control_removed": "文字中的控制字符已去除",
}

WARNED: Final = {
    "name_differs": "名称与登记名称不一致，以登记名称为准",
    "formula_like": "名称以电子表格公式符号开头",
    "lost_character": "名称中有发送方编码丢失的字符（?）",
    "code_inner": "第17位校验码不符（错码），登记注册信息照收并标记",
}

LABELS: Final = {
    **NOT_DATA,
    **DUPLICATE,
    **CORRECTED,
    **NORMALISED,
    **WARNED,
    "broken_record": "该行不完整",
    "natural_person": "自然人",
    "missing": "缺必填项",
    "destroyed_number": "号码被表格软件改成科学计数",
    "zeros_lost": "号码开头的零被表格软件去掉",
    "code_length": "代码位数不对",
    "code_alphabet": "代码含不允许的字符",
    "code_outer": "第18位校验码不符",
    "code_inner": "错码（第17位校验码不符）",
    "unreadable_date": "日期无法识别",
    "unreadable_month": "月份无法识别",
    "unreadable_year": "年份无法识别",
    "impossible_date": "日期不存在",
    "future_date": "日期晚于接收日期",
    "period_reversed": "所属期起止颠倒",
    "negative": "不应为负",
    "unit_in_number": "数字带单位",
    "chinese_number": "中文数字",
    "spreadsheet_error": "电子表格计算错误",
    "not_a_number": "不是数字",
    "not_an_integer": "不是整数",
    "out_of_range": "超出范围",
    "invalid_value": "代码值不在代码表",
    "bad_format": "格式不符",
    "too_long": "内容过长",
    "dismissed": "报送单位或平台认定不予入库",
    "merged_code": "重错码，归入正确代码的主体",
    "conflict": "同键不同值",
    "one_code_many_subjects": "一码多赋",
    "one_subject_many_codes": "一主体多码",
    "unknown_subject": "尚无此主体",
    "nothing_to_correct": "要更正的行尚未入库",
    "other_source": "与另一单位的报送不一致",
    "overtaken": "较晚的报送已入库",
}
"""Short Chinese label of every code, for tables."""


def sentence(
    reason: str, *, label: str = "", value: str = "", length: int = 0, allowed: str = "", max_length: int = 0
) -> str:
    """The Chinese sentence for a rejected or held row."""
    text = REJECTED.get(reason) or HELD[reason]
    shown = value if len(value) <= 40 else value[:40] + "…"
    return text.format(label=label, value=shown, length=length, allowed=allowed, max_length=max_length)
