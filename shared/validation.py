"""Turn Pydantic's errors into violations in Chinese and English, each with a stable code and a JSON pointer."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import islice
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from shared.errors import MOST_VIOLATIONS, Violation

Location = tuple[int | str, ...]
_LONGEST_POINTER = 300
_ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)

# Our own codes, each with a Chinese and an English text.
_CUSTOM: dict[str, tuple[str, str]] = {
    "uscc_format": ("统一社会信用代码应为 18 位（不含 I、O、S、V、Z）", "A USCC has 18 characters (no I, O, S, V, Z)"),
    "uscc_check_digit": ("统一社会信用代码校验位不符，请核对", "The USCC's check digit does not match"),
    "enterprise_code_format": (
        "应为 18 位统一社会信用代码、15 位工商注册号或 9 位组织机构代码",
        "A USCC has 18 characters, a registration number 15 digits, an organisation code 9 characters",
    ),
    "registration_no_format": ("工商注册号应为 15 位数字", "A registration number has 15 digits"),
    "registration_no_check_digit": ("工商注册号校验位不符，请核对", "The registration number's check digit is wrong"),
    "organisation_code_format": (
        "组织机构代码应为 9 位（例：D2143569-X）",
        "Not an organisation code such as D2143569-X",
    ),
    "organisation_code_check_digit": ("组织机构代码校验位不符，请核对", "The organisation code's check digit is wrong"),
    "patent_no_format": ("专利申请号格式不符，例：202010566088.9", "Not a patent application number"),
    "patent_no_check_digit": ("专利申请号校验位不符，请核对", "The patent number's check digit does not match"),
    "patent_kind_mismatch": ("专利类型与申请号不一致", "The patent kind contradicts its number"),
    "granted_before_filing": ("授权公告日早于申请年份", "Granted before it was filed"),
    "division_unknown": ("行政区划代码不在本省县（市、区）名录中", "Not a county-level division of the province"),
    "industry_class_unknown": ("不是 GB/T 4754-2017 的行业小类代码", "Not a GB/T 4754-2017 class (小类)"),
    "control_character": ("含有不可见的控制字符", "Contains control characters"),
    "money_as_string": ('金额请用字符串表示，例："1200.50"', 'Write money as a string, such as "1200.50"'),
    "expires_before_issue": ("到期日期早于发证日期", "Expires before it was issued"),
    "agreement_ends_before_start": ("协议截止日早于起始日", "The agreement ends before it starts"),
    "truth_commitment_missing": ("未作出材料真实性承诺", "The truthfulness declaration is required"),
    "rd_staff_exceeds_employees": ("研发人员数多于从业人员数", "More research staff than employees"),
    "ip_staff_exceeds_employees": ("知识产权人员数多于从业人员数", "More IP staff than employees"),
    "duplicate_patent": ("同一专利重复填报", "The same patent is listed twice"),
    "duplicate_product": ("同一产品重复填报", "The same product is listed twice"),
    "not_a_date": ("不是有效日期（例：2024-06-06）", "Not a date such as 2024-06-06"),
    "not_a_number": ("不是有效数字", "Not a decimal number in plain digits"),
    "future_date": ("日期在今天之后", "The date lies in the future"),
    "city_unknown": ("不是本省的市州代码", "Not a city of the province"),
    "region_unknown": ("不是本省的市州代码、省代码或 000000（全国）", "Neither a city, the province nor 000000"),
    "ipc_format": ("不是国际专利分类号（例：H01S3/067）", "Not an IPC symbol such as H01S3/067"),
    "industry_unknown": ("不是 GB/T 4754-2017 的行业代码", "Not a code of GB/T 4754-2017"),
    "stage_unknown": ("没有这一融资阶段", "No such stage"),
    "not_a_month": ("月份请填该月第一天（例：2027-03-01）", "Write a month as its first day, such as 2027-03-01"),
    "nothing_asked": ("分类号、行业、文字至少填一项", "Ask by classes, industries or text"),
    "least_above_most": ("下限不能高于上限", "The least is more than the most"),
    "minimum_above_maximum": ("最低名额不能多于最高名额", "The minimum is more than the maximum"),
    "held_back_but_shared": ("省级留用的名额不能转为共享", "Places held back from everybody stay empty"),
    "duplicate_condition": ("同一预留条件重复填报", "The same condition is given twice"),
    "field_unknown": ("表中没有这一栏目", "Not a field of the form"),
    "window_empty": ("截止时间应晚于开始时间", "The window closes before it opens"),
    "industrialised_exceeds_valid": ("产业化专利数多于有效专利数", "More industrialised patents than valid ones"),
    "industrialised_not_valid": ("产业化专利未列入有效专利", "An industrialised patent is not among the valid ones"),
    "count_differs_from_list": ("件数与所列专利号个数不符", "The count differs from the patents listed"),
    "recognised_before_its_year": ("认定日期早于认定年度", "Recognised before the year of its recognition"),
    "duplicate_year": ("同一年度重复填报", "The same year is listed twice"),
    "duplicate_key": ("同一对象中的键重复", "The object gives this name twice"),
    "number_not_finite": (
        "不是有限的数字（NaN、Infinity 无法保存）",
        "Not a finite number (NaN and Infinity cannot be stored)",
    ),
    "text_not_storable": (
        "含有无法保存的字符（空字符 NUL 或不完整的字符）",
        "Contains a character that cannot be stored (NUL, or half a character)",
    ),
    "too_deep": ("内容嵌套过深", "Nested too deeply"),
    "conflict_reason": ("声明利益冲突须说明理由，无冲突则不填", "A reason belongs to a conflict, and to nothing else"),
    "period_reversed": ("覆盖期的止日早于起日", "The period ends before it begins"),
    "reported_before_it_occurred": ("报告日期早于发生日期", "Reported before it occurred"),
    "evidence_missing": ("须附证据：附件或文件名称文号", "Evidence is required: attachments or a document"),
    "entry_named_once": ("请以企业名称或统一社会信用代码之一指明企业", "Name the enterprise by its name or its USCC"),
    "product_unknown": ("关联产品未在产品表中填报", "A linked product is not among the products"),
}

# Pydantic's own types that a person meets: (our code, Chinese with {context}).
_STANDARD: dict[str, tuple[str, str]] = {
    "missing": ("required", "必填"),
    "extra_forbidden": ("unknown_field", "未知字段"),
    "json_invalid": ("json_invalid", "不是有效的 JSON"),
    "greater_than_equal": ("too_small", "不得小于 {ge}"),
    "greater_than": ("too_small", "必须大于 {gt}"),
    "less_than_equal": ("too_large", "不得大于 {le}"),
    "less_than": ("too_large", "必须小于 {lt}"),
    "string_too_short": ("too_short", "不能为空（至少 {min_length} 个字符）"),
    "string_too_long": ("too_long", "过长（最多 {max_length} 个字符）"),
    "too_long": ("too_many", "条目过多（最多 {max_length} 条）"),
    "too_short": ("too_few", "条目过少（至少 {min_length} 条）"),
    "string_pattern_mismatch": ("format", "格式不符"),
    "literal_error": ("not_an_option", "不在可选值之内：{expected}"),
    "enum": ("not_an_option", "不在可选值之内：{expected}"),
    "decimal_max_places": ("too_precise", "最多保留 {decimal_places} 位小数"),
    "decimal_max_digits": ("too_large", "数字位数过多"),
    "decimal_whole_digits": ("too_large", "数字位数过多"),
    "finite_number": ("not_a_number", "不是有限的数字"),
    "json_type": ("wrong_type", "类型不符"),
}
_STANDARD_PREFIXES: tuple[tuple[str, str, str], ...] = (
    ("date", "not_a_date", "不是有效日期（例：2024-06-06）"),
    ("datetime", "not_a_date", "不是有效时间"),
    ("timezone", "not_a_date", "时间须带时区"),
    ("decimal", "not_a_number", "不是有效数字"),
    ("int", "not_an_integer", "不是整数"),
    ("bool", "not_a_boolean", "应为是/否（true/false）"),
    ("string", "not_text", "应为文本"),
    ("uuid", "not_a_uuid", "不是有效的标识符"),
)


def custom_error(code: str) -> PydanticCustomError:
    """The exception a validator raises for one of the codes above."""
    chinese, english = _CUSTOM[code]
    # The pair travels in the error's context so that both texts reach the answer.
    return PydanticCustomError(code, "{en}", {"zh": chinese, "en": english})  # type: ignore[arg-type]


def iso_date(value: object) -> object:
    """Before-validator of dates: an ISO text or a date, never a number of seconds since 1970."""
    if isinstance(value, str) and not _ISO_DATE.fullmatch(value.strip()):
        raise custom_error("not_a_date")
    if isinstance(value, bool | int | float):
        raise custom_error("not_a_date")
    return value


def json_pointer(location: Iterable[int | str]) -> str:
    """RFC 6901 pointer of a Pydantic location."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in location)


def pointer_within(place: Location, longest: int = _LONGEST_POINTER) -> str:
    """The pointer of a place, or of its nearest holder whose pointer is not longer: names are the sender's own."""
    pointer = json_pointer(place)
    while len(pointer) > longest:
        place = place[:-1]
        pointer = json_pointer(place)
    return pointer


def _translate(error: ErrorDetails) -> tuple[str, str, str]:
    kind: str = error["type"]
    context: dict[str, Any] = error.get("ctx") or {}
    if kind in _CUSTOM:
        return kind, str(context["zh"]), str(context["en"])
    if kind in _STANDARD:
        code, template = _STANDARD[kind]
        return code, template.format(**context), error["msg"]
    for prefix, code, chinese in _STANDARD_PREFIXES:
        if kind.startswith(prefix):
            return code, chinese, error["msg"]
    return "wrong_type", "类型不符", error["msg"]


def violations_of(errors: Iterable[ErrorDetails], *, drop: int = 0) -> list[Violation]:
    """Violations in the order Pydantic found them; the first `drop` location parts are left out (FastAPI's "body")."""
    found: list[Violation] = []
    for error in errors:
        code, chinese, english = _translate(error)
        found.append(Violation(code, chinese, english, pointer=json_pointer(error["loc"][drop:])))
    return found


def violation_of_code(code: str, pointer: str) -> Violation:
    """One of our own codes at a place."""
    chinese, english = _CUSTOM[code]
    return Violation(code, chinese, english, pointer=pointer)


def violations_of_model(error: ValidationError, *, most: int | None = MOST_VIOLATIONS) -> list[Violation]:
    """The first `most` violations of one model that was validated outside a request, or all of them."""
    return violations_of(islice(error.errors(include_url=False, include_input=False), most))


def left_out_of(error: ValidationError) -> int:
    """How many violations `violations_of_model` does not say."""
    return max(0, error.error_count() - MOST_VIOLATIONS)
