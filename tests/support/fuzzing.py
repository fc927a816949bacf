"""Schemathesis over a running service's own OpenAPI document, and what it found wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import schemathesis
from schemathesis import Case, HookContext
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events, from_schema
from schemathesis.generation.meta import TestPhase

from support.thoroughness import drawn

# Lines are bytes to a client; what they hold is the use case's matter.
schemathesis.serializer.alias("application/x-ndjson", "application/octet-stream")

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
)
PHASES = ("examples", "coverage", "fuzzing", "stateful")
SEED = 20240606
# Of the hundreds of wrong values that the coverage phase has for a large body, one in so many, beyond the first ones.
ALL_OF_THE_FIRST, ONE_IN = 4, drawn(24, 1)


@dataclass(slots=True)
class Findings:
    """`wrong`: each distinct failure. `answers`: how often each operation answered with each status."""

    wrong: dict[str, str] = field(default_factory=dict[str, str])
    answers: Counter[tuple[str, int]] = field(default_factory=Counter[tuple[str, int]])

    @property
    def operations(self) -> set[str]:
        return {label for label, _ in self.answers}

    def __ior__(self, other: Findings) -> Self:
        self.wrong |= other.wrong
        self.answers += other.answers
        return self


def fuzz(
    url: str,
    token: str,
    *,
    scopes: Collection[str],
    known: Mapping[str, Sequence[str]],
    examples: int,
    phases: Collection[str] = PHASES,
    beyond: Sequence[Collection[str]] = (),
    paths: str = ".",
    leave_out: str = "^$",
) -> Findings:
    """Run these phases as the token's bearer over what its scopes allow, and none of the scopes in `beyond` do.

    `known` gives values that exist for parameters such as `path.code`, so that more than 404 is reached.
    `paths` and `leave_out` are regular expressions. What a role may not do at all is a plain 403, tested elsewhere.
    """
    config = _config(token, known, examples, phases)
    schema = schemathesis.openapi.from_url(f"{url}/openapi.json", config=config)
    schema = schema.include(path_regex=paths).exclude(path_regex=leave_out)
    schema = schema.exclude(lambda context: not _allowed(context.operation.definition.raw, scopes))
    for others in beyond:
        schema = _without(schema, others)
    schema.hook(_thinning())
    found = Findings()
    for event in from_schema(schema).execute():
        if isinstance(event, events.ScenarioFinished):
            _record(event, found)
        elif isinstance(event, events.NonFatalError):
            found.wrong[f"{event.label}: {event.value!r}"] = "the run itself"
        elif isinstance(event, events.FatalError):
            raise event.exception
    return found


def _thinning() -> Callable[[HookContext, Case], bool]:
    seen: Counter[str] = Counter()

    def filter_case(context: HookContext, case: Case) -> bool:  # noqa: ARG001 (the hook's own signature)
        if case.meta is None or case.meta.phase.name != TestPhase.COVERAGE:
            return True
        seen[case.operation.label] += 1
        number = seen[case.operation.label]
        return number <= ALL_OF_THE_FIRST or number % ONE_IN == 0

    return filter_case


def _without(schema: Any, scopes: Collection[str]) -> Any:
    return schema.exclude(lambda context: _allowed(context.operation.definition.raw, scopes))


def _allowed(operation: Mapping[str, Any], scopes: Collection[str]) -> bool:
    asked = {scope for scheme in operation.get("security", ()) for wanted in scheme.values() for scope in wanted}
    return asked <= set(scopes)


def _config(
    token: str, known: Mapping[str, Sequence[str]], examples: int, phases: Collection[str]
) -> SchemathesisConfig:
    content: dict[str, Any] = {
        "seed": SEED,
        "headers": {"Authorization": f"Bearer {token}"},
        "continue-on-failure": True,
        "checks": {"enabled": False} | {name: {"enabled": True} for name in CHECKS},
        "generation": {"max-examples": examples, "deterministic": True, "no-shrink": True, "database": "none"},
        "phases": {name: {"enabled": name in phases} for name in PHASES},
        "dictionaries": {name.replace(".", "_"): {"values": list(values)} for name, values in known.items()},
        "parameters": {name: {"dictionary": name.replace(".", "_"), "probability": 0.8} for name in known},
    }
    # A method that no operation has is the router's matter, the same for every path: tested once, elsewhere.
    content["phases"]["coverage"] |= {"unexpected-methods": []}
    content["phases"]["stateful"] |= {"max-steps": 5, "generation": {"max-examples": max(examples // 5, 2)}}
    return SchemathesisConfig.from_dict(content)


def _record(event: events.ScenarioFinished, found: Findings) -> None:
    for case_id, interaction in event.recorder.interactions.items():
        case = event.recorder.cases[case_id].value
        if interaction.response is not None:
            found.answers[case.operation.label, interaction.response.status_code] += 1
        for check in event.recorder.checks.get(case_id, ()):
            if check.failure_info is not None:
                status = interaction.response.status_code if interaction.response is not None else None
                key = f"{case.operation.label} {status} {check.name}"
                found.wrong.setdefault(key, f"{check.failure_info.failure}\n{check.failure_info.code_sample}")
