"""`peiyu rulebook`: faults with file and line and exit code 1, criteria in Chinese, differences by entry."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from services.cli import app
from shared.reference.province import province

TEXT = (province().rulebooks / "hubei-2024.toml").read_text(encoding="utf-8")
EXAMPLE = Path(__file__).parents[1] / "conformance" / "rulebooks" / "example-2025.toml"


def run(*arguments: object) -> Result:
    return CliRunner(env={"COLUMNS": "160", "NO_COLOR": "1"}).invoke(app, ["rulebook", *map(str, arguments)])


@pytest.fixture
def hubei(tmp_path: Path) -> Path:
    file = tmp_path / "hubei-2024.toml"
    file.write_text(TEXT, encoding="utf-8")
    return file


def changed(hubei: Path, *pairs: tuple[str, str]) -> Path:
    text = TEXT
    for old, new in pairs:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    file = hubei.with_name("changed.toml")
    file.write_text(text, encoding="utf-8")
    return file


def test_check_passes_sound_files(hubei: Path) -> None:
    result = run("check", hubei, EXAMPLE)
    assert (result.exit_code, result.stdout) == (0, "")
    assert "10 条标准、22 项要求" in result.stderr


def test_check_tells_every_faulty_file_with_line_and_code(hubei: Path) -> None:
    broken = changed(hubei, ('test = "ip_staff >= 1"', 'test = "ip_staff >= 0"'))
    line = TEXT.split("\n").index('test = "ip_staff >= 1"') + 1
    binary = hubei.with_name("binary.toml")
    binary.write_bytes(b"\xff\xfe")
    result = run("check", broken, hubei, hubei.with_name("absent.toml"), binary)
    assert result.exit_code == 1
    first, absent, undecodable = result.stdout.splitlines()
    assert first == (
        f"{broken}:{line}:8: never_fails: 第9条“staff”项：任何数据都不会不符合此项"
        " / criterion 9, part staff: no facts can fail this test"
    )
    assert absent.startswith(f"{hubei.with_name('absent.toml')}:1:1: unreadable: 文件无法读取 / ")
    assert undecodable.startswith(f"{binary}:1:1: unreadable: ")
    assert "共 3 处错误" in result.stderr


def test_explain_reads_the_criteria_in_chinese(hubei: Path) -> None:
    whole = run("explain", hubei)
    assert whole.exit_code == 0
    for told in (
        "一票否决",
        "原则上",
        "人工认定",
        "没有违法违规情况",
        "原文没有写明而选定的读法",
        "专利产业化率的分母",
    ):
        assert told in whole.stdout
    # How it ranks: points and scale, caps, the order among equals, reserved places, each with its reason.
    for told in ("评分：满分 100 分", "10% 得 15 分", "计入“研发”，合计以 40 分封顶", "缺少数据", "不给分"):
        assert told in whole.stdout
    for told in ("得分相同的，依次比较", "研发投入 ÷ 营业收入", "大的在前", "统一社会信用代码"):
        assert told in whole.stdout
    for told in ("批次可以预留名额的条件", "武汉以外市州的企业", "市州 不属于 武汉市"):
        assert told in whole.stdout
    assert "评分" not in run("explain", hubei, 6).stdout
    assert "预留名额" not in run("explain", EXAMPLE).stdout
    one = run("explain", hubei, 6)
    assert "研发投入 不低于 营业收入 的 10%，或 研发投入 不低于 500.00 万元" in one.stdout
    assert "品牌" not in one.stdout
    assert run("explain", hubei, 11).exit_code == 2
    assert run("explain", "hubei-2024", 6).stdout == one.stdout
    assert run("explain", "hubei-1999").exit_code == 1
    assert "过渡（第九条 施行首年，2025-01-01至2025-12-31评估）" in run("explain", EXAMPLE, 1).stdout


def test_explain_and_diff_refuse_what_is_unsound(hubei: Path) -> None:
    broken = changed(hubei, ('test = "own_brand"', 'test = "own_brands"'))
    for result in (run("explain", broken), run("diff", hubei, broken)):
        assert result.exit_code == 1
        assert "unknown_fact" in result.stderr


def test_diff_tells_what_changed_and_what_only_reads_the_same(hubei: Path) -> None:
    after = changed(
        hubei,
        ("rd_expense_cny >= 0.10", "rd_expense_cny >= 0.12"),
        ("value = false", "value = true"),
        ('[[criterion.part]]\nkey = "budget"\ntitle = "有知识产权经费保障"\nkind = "hard"\ntest = "ip_budget"\n', ""),
    )
    result = run("diff", hubei, after, "--json")
    told: list[dict[str, Any]] = json.loads(result.stdout)
    assert [(one["change"], one["entry"], one["field"]) for one in told] == [
        ("changed", "part rd_investment.rd_investment", "test"),
        ("removed", "part ip_management.budget", None),
        ("changed", "parameter industrialisation_by_invention_only", "value"),
        ("meaning", "derivation industrialisation_numerator", "expression"),
        ("meaning", "derivation industrialisation_denominator", "expression"),
        ("meaning", "part industrialisation.rate", "test"),
    ]
    assert (told[2]["before"], told[2]["after"]) == (False, True)
    assert told[5]["after"] == "已产业化的有效发明专利 不低于 有效发明专利 的 50%"
    table = run("diff", hubei, after)
    assert table.exit_code == 0
    for words in ("改动", "删去", "文字未动", "有知识产权经费保障"):
        assert words in table.stdout
    assert run("diff", hubei, hubei).stdout == "没有差别\n"
    assert json.loads(run("diff", hubei, hubei, "--json").stdout) == []
    assert len(json.loads(run("diff", hubei, EXAMPLE, "--json").stdout)) > 20
