"""Refusals about two-sided events."""

from shared.errors import CONSTRAINT_ERRORS, ErrorKind

KIND_UNKNOWN = ErrorKind("match_kind_unknown", 422, "The province holds no such kind of event", "没有这一活动种类")
CHAIN_UNKNOWN = ErrorKind("match_chain_unknown", 422, "No such industry chain", "产业链名录中没有这一产业链")
EVENT_EXISTS = ErrorKind(
    "match_event_exists", 409, "An event of this kind, month, city and title exists", "该月已有同城、同类、同名的活动"
)
SLOTS_OVERLAP = ErrorKind("match_slots_overlap", 422, "Slots of one event overlap", "同一活动的时段相互重叠")
SLOT_OUTSIDE = ErrorKind(
    "match_slot_outside",
    422,
    "A slot has passed, ends before it begins, or is in another month or too far ahead",
    "时段已过、起止颠倒、不在活动所属月份，或超出可安排的期限",
)
ROOM_TAKEN = ErrorKind(
    "match_room_taken", 409, "Another event has this room at that time", "该场地在此时间已被占用，或同一场地填报两次"
)
OUTSIDE_CITY = ErrorKind("match_outside_city", 403, "An event of another city", "只能办理本市州的活动")
NOT_OF_KIND = ErrorKind(
    "match_not_of_kind", 422, "This kind of event has no such participants", "该类活动没有这一类参加方"
)
USCC_MISSING = ErrorKind("match_uscc_missing", 422, "An enterprise needs its code", "企业须填统一社会信用代码")
MAY_NOT_TAKE_PART = ErrorKind(
    "match_may_not_take_part", 422, "This enterprise may not take part", "该企业不符合参加条件"
)
RULE_UNKNOWN = ErrorKind(
    "match_rule_unknown", 422, "No such rule of who may take part", "没有这一参加条件（名单须为省定名单）"
)
TWICE = ErrorKind("match_participant_twice", 409, "The same participant twice", "同一参加方重复登记")
CALL_CLOSED = ErrorKind("match_call_closed", 409, "The event has begun", "活动已经开始，不再接受登记和变更")
NOT_A_PAIR = ErrorKind(
    "match_not_a_pair", 422, "Not an enterprise and a partner of this event", "不是本活动的一家企业与一个对接方"
)
CANCELLED = ErrorKind("match_participant_cancelled", 409, "This participant has cancelled", "该参加方已取消参加")
TOO_LARGE = ErrorKind("match_too_large", 422, "Too many pairs for one event; hold several", "双方家数过多，请分场举办")
NOT_SOLVED = ErrorKind(
    "match_not_solved",
    503,
    "No good enough timetable was found in time; try again",
    "未能在限时内求得合格的排期，请重试",
)
PLAN_OUTDATED = ErrorKind(
    "match_plan_outdated",
    409,
    "Participants, wishes or a later plan have changed what this plan rests on: compute anew",
    "参加方、意向等在计算后有变，或已有更新的方案，请重新计算",
)
NO_TIMETABLE = ErrorKind("match_no_timetable", 404, "No such released timetable", "没有已发布的这一版排期")
NOT_MET = ErrorKind("match_not_met", 409, "The released timetable has no such meeting", "已发布的排期中没有这一场见面")
TOO_EARLY = ErrorKind("match_too_early", 409, "It is too early for this", "时间未到")
STAGE_UNKNOWN = ErrorKind("match_stage_unknown", 422, "Not a day of follow-up", "不是规定的回访时点")
RESULT_MISSING = ErrorKind(
    "match_result_wrong",
    422,
    "A meeting that was held has a result, one that was not has none",
    "见面已举行的须填结果，未举行的不填",
)
AMOUNT_NOT_MEANT = ErrorKind(
    "match_amount_not_meant", 422, "This result has no amount", "该结果没有金额，或金额须大于零"
)
OFFERED_TWICE = ErrorKind("patent_offered_twice", 409, "This patent is on offer already", "该专利已在供给清单中")
NOTHING_SUITS = ErrorKind(
    "patent_nothing_suits",
    409,
    "No patent on offer suits that was not pushed before",
    "供给清单中没有达到契合下限、且未推送过的专利",
)
DAY_WRONG = ErrorKind(
    "match_day_wrong",
    422,
    "A contract or an investment has a day, from that of the event to today; other results have none",
    "签订合同、投资须填发生日期，不早于活动当天、不晚于今天；其他结果不填",
)
CONSTRAINT_ERRORS["uq_match_event_kind_month_city_code_title"] = EVENT_EXISTS
CONSTRAINT_ERRORS["match_slot_once"] = SLOTS_OVERLAP
CONSTRAINT_ERRORS["match_room_once"] = ROOM_TAKEN
CONSTRAINT_ERRORS["uq_match_participant_name"] = TWICE
CONSTRAINT_ERRORS["uq_match_participant_uscc"] = TWICE
CONSTRAINT_ERRORS["uq_match_plan_event_id_sequence"] = PLAN_OUTDATED
CONSTRAINT_ERRORS["uq_match_release_plan_id"] = PLAN_OUTDATED
CONSTRAINT_ERRORS["pk_match_release"] = PLAN_OUTDATED
CONSTRAINT_ERRORS["ck_match_outcome_amount"] = AMOUNT_NOT_MEANT
CONSTRAINT_ERRORS["ck_match_outcome_result_of_a_meeting"] = RESULT_MISSING
CONSTRAINT_ERRORS["ck_match_outcome_day"] = DAY_WRONG
CONSTRAINT_ERRORS["ck_match_outcome_not_in_future"] = DAY_WRONG
CONSTRAINT_ERRORS["uq_patent_offer_live"] = OFFERED_TWICE
