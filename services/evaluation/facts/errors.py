"""Refusals about stated facts."""

from shared.errors import CONSTRAINT_ERRORS, ErrorKind

FACT_UNKNOWN = ErrorKind("fact_unknown", 422, "The catalogue has no such fact", "数据目录中没有该项")
FACT_NOT_STATABLE = ErrorKind(
    "fact_not_statable", 422, "Only the enterprise's form tells this fact", "该项只以企业申报为准，不接受陈述"
)
SOURCE_NOT_ALLOWED = ErrorKind(
    "source_not_allowed", 422, "The catalogue does not take this fact from this source", "该项不采信这一来源"
)
SOURCE_NOT_YOURS = ErrorKind(
    "source_not_yours",
    403,
    "Cities speak for what they verified, the province for registers",
    "登记信息由省级录入，市州只录入本市州核实的情况",
)
FACT_VALUE = ErrorKind("fact_value", 422, "The value is not of the fact's type or range", "取值与该项的类型或范围不符")
AS_OF_FUTURE = ErrorKind("as_of_future", 422, "Nothing is known as of a day to come", "截至日期晚于今天")
APPLICATION_UNKNOWN = ErrorKind(
    "application_unknown", 422, "The enterprise has no such application", "该企业没有这一申报"
)
EVIDENCE_UNKNOWN = ErrorKind(
    "evidence_unknown", 422, "No such file of this enterprise", "该企业没有这一附件，或附件已移除"
)
CONTRADICTS_ITSELF = ErrorKind(
    "contradicts_itself", 422, "Two of the statements contradict each other", "同一批陈述自相矛盾"
)
STATEMENT_RETRACTED = ErrorKind("statement_retracted", 409, "It is retracted already", "该陈述已经撤回")
NOT_RETRACTABLE = ErrorKind(
    "not_retractable", 409, "A retraction is not retracted: state the fact anew", "撤回不能再撤回，请重新陈述"
)
CONSTRAINT_ERRORS["uq_fact_statement_retracts"] = STATEMENT_RETRACTED
CONSTRAINT_ERRORS["fact_statement_retracts_a_statement"] = NOT_RETRACTABLE
CONSTRAINT_ERRORS["ck_fact_statement_as_of_not_future"] = AS_OF_FUTURE
CONSTRAINT_ERRORS["ck_fact_statement_registry_by_province"] = SOURCE_NOT_YOURS
