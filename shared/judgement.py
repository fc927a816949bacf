"""How a form would be judged: what evaluation answers and intake's completeness check hands on."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, Field

AsOf: TypeAlias = Literal["assessment_date", "today"]
Verdict: TypeAlias = Literal["met", "not_met", "unknown"]
_Amount: TypeAlias = Annotated[str | None, Field(examples=["4000000.00"])]


class HintOut(BaseModel):
    """One change that makes one step hold while all other facts stay: exact, and the smallest that does.

    `amount`: `fact` has to come to `needed`, which is `gap` from `now`; `unit` is CNY (元), 件 or 人.
    `share`: the same as a share of `of` in percent; `gap` in percentage points, rounded up to two decimals, and `now`
    rounded to the nearest hundredth (with more decimals where that would be `needed`).
    `answer`: `fact` has to be one of `options`. `now` and `gap` are null where the fact is missing.
    """

    kind: Literal["amount", "share", "answer"]
    fact: Annotated[str, Field(examples=["rd_expense_cny"])]
    title: Annotated[str, Field(examples=["研发投入"])]
    needed: _Amount
    now: Annotated[str | None, Field(examples=["3680000.00"])]
    gap: Annotated[str | None, Field(examples=["320000.00"])]
    unit: Annotated[str | None, Field(examples=["CNY"])]
    of: Annotated[str | None, Field(examples=[None])]
    options: list[str]
    text_zh: Annotated[str, Field(examples=["研发投入再增加 32.00 万元"])]


class StepOut(BaseModel):
    """Something an arm needs. Its hints are alternatives; none where another fact is missing first."""

    verdict: Literal["not_met", "unknown"]
    hints: list[HintOut]


class ArmOut(BaseModel):
    """One way to meet the part: all of its steps. `text_zh` is empty where nothing can be said yet."""

    verdict: Literal["not_met", "unknown"]
    steps: list[StepOut]
    text_zh: Annotated[
        str, Field(examples=["研发投入再增加 32.00 万元，即研发投入占营业收入的比重再提高 0.8 个百分点"])
    ]


class MissingFact(BaseModel):
    """A fact that is not known, and the places in the form (JSON pointers) whose answer would make it known."""

    fact: Annotated[str, Field(examples=["rd_expense_cny"])]
    title: Annotated[str, Field(examples=["研发投入"])]
    fields: Annotated[list[str], Field(examples=[["/finance/rd_expense_cny"]])]


class JudgedPart(BaseModel):
    """One thing a criterion asks for. `arms` are the ways to meet it, any of them sufficient; empty once it is met.

    A part of kind `judgement` is unknown until a reviewer has found on it, whatever the form says.
    """

    part: Annotated[str, Field(examples=["6.rd_investment"])]
    title: Annotated[str, Field(examples=["研发投入占营业收入不低于10%，或不低于500万元"])]
    kind: Literal["hard", "in_principle", "judgement"]
    computed: Verdict
    reason_code: Annotated[str, Field(examples=["threshold_not_met"])]
    reason_zh: Annotated[str, Field(examples=["研发投入 368.00 万元，低于 500.00 万元，还差 132.00 万元"])]
    missing: list[MissingFact]
    arms: list[ArmOut]
    advice_zh: Annotated[str, Field(examples=["研发投入再增加 32.00 万元；或研发投入再增加 132.00 万元"])]


class JudgedCriterion(BaseModel):
    number: Annotated[int, Field(examples=[6])]
    clause: Annotated[str, Field(examples=["附件6"])]
    title: Annotated[str, Field(examples=["研发投入"])]
    text: Annotated[str, Field(examples=["上年度研发投入占营业收入总额比重不低于10%或不低于500万元"])]
    verdict: Verdict
    parts: list[JudgedPart]


class Judgement(BaseModel):
    """What the cycle's rulebook says of a form on `judged_on`, before any reviewer has looked. Nothing is stored."""

    cycle: Annotated[str, Field(examples=["2024-1"])]
    rulebook_id: Annotated[str, Field(examples=["hubei-2024"])]
    rulebook_digest: Annotated[str, Field(examples=["9f" * 32])]
    as_of: AsOf
    judged_on: Annotated[date, Field(examples=["2024-06-30"])]
    overall: Verdict
    criteria: list[JudgedCriterion]
