"""Enterprises on record, their incidents and notices, as tables."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, select

from services.intake.enterprises.queries import listed_enterprises
from services.intake.exports.filters import EnterpriseFilters, IncidentFilters, NoticeFilters
from services.intake.exports.tabular import Column
from services.intake.exports.view import CITY, NAME, USCC, View
from services.intake.incidents.kinds import INCIDENT_TITLES, NOTICE_TITLES
from services.intake.incidents.queries import listed_incidents, listed_notices
from shared.models.intake import BusinessNotice, Enterprise, Incident, IncidentStep
from shared.reference.divisions import divisions
from shared.security.actor import Actor

INCIDENT_STATUS = {"alleged": "待核实", "confirmed": "已认定", "dismissed": "不予认定", "cured": "已整改"}


def _enterprises(actor: Actor, filters: EnterpriseFilters) -> Select[*tuple[Any, ...]]:
    return listed_enterprises(actor, city=filters.city, name=filters.name, uscc=filters.uscc).with_only_columns(
        Enterprise.uscc, Enterprise.name, Enterprise.city_code, Enterprise.division_code, Enterprise.division_code
    )


def _incidents(actor: Actor, filters: IncidentFilters) -> Select[*tuple[Any, ...]]:
    last = select(IncidentStep.reason).where(IncidentStep.incident_id == Incident.id)
    if actor.uscc is not None:
        # As in the list: what was alleged is not told to the enterprise.
        last = last.where(IncidentStep.act != "allege")
    return listed_incidents(actor, uscc=filters.uscc, kind=filters.kind, status=filters.status).with_only_columns(
        Enterprise.uscc,
        Enterprise.name,
        Enterprise.city_code,
        Incident.kind,
        Incident.occurred_on,
        Incident.reported_on,
        Incident.status,
        Incident.status == "confirmed",
        Incident.confirmed_at,
        Incident.cured_on,
        last.order_by(IncidentStep.number.desc()).limit(1).scalar_subquery(),
    )


def _notices(actor: Actor, filters: NoticeFilters) -> Select[*tuple[Any, ...]]:
    source, removal = BusinessNotice.source, BusinessNotice.removal_source
    return listed_notices(actor, uscc=filters.uscc).with_only_columns(
        Enterprise.uscc,
        Enterprise.name,
        BusinessNotice.kind,
        BusinessNotice.listed_on,
        source["title"].as_string(),
        source["issuer"].as_string(),
        source["number"].as_string(),
        BusinessNotice.removed_on,
        removal["title"].as_string(),
        removal["issuer"].as_string(),
        removal["number"].as_string(),
    )


ENTERPRISE_VIEWS = (
    View(
        "enterprises",
        "企业名录",
        "enterprises:read",
        EnterpriseFilters,
        (
            USCC,
            NAME,
            CITY,
            Column("县（市、区）", width=18, labels={code: one.name for code, one in divisions().items()}),
            Column("行政区划代码", "code", 14),
        ),
        _enterprises,
    ),
    View(
        "incidents",
        "违法违规情形",
        "incidents:read",
        IncidentFilters,
        (
            USCC,
            NAME,
            CITY,
            Column("情形", width=20, labels={**INCIDENT_TITLES}),
            Column("发生日期", "date", 13),
            Column("获知日期", "date", 13),
            Column("状态", width=11, labels=INCIDENT_STATUS),
            Column("是否计入", "boolean", 10),
            Column("认定时间", "moment", 20),
            Column("整改日期", "date", 13),
            Column("最近一步的理由", width=50),
        ),
        _incidents,
    ),
    View(
        "business-notices",
        "经营异常等提示",
        "incidents:read",
        NoticeFilters,
        (
            USCC,
            NAME,
            Column("类别", width=20, labels={**NOTICE_TITLES}),
            Column("列入日期", "date", 13),
            Column("列入依据", width=36),
            Column("列入机关", width=30),
            Column("列入文号", width=22),
            Column("移出日期", "date", 13),
            Column("移出依据", width=36),
            Column("移出机关", width=30),
            Column("移出文号", width=22),
        ),
        _notices,
    ),
)
