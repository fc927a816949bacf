"""Refusals about figures."""

from shared.errors import ErrorKind

IN_FUTURE = ErrorKind("figures_in_future", 422, "That day has not come yet", "所问日期晚于今天")
SPAN_REVERSED = ErrorKind("figures_span_reversed", 422, "The span ends before it begins", "起止日期颠倒")
SPAN_TOO_LONG = ErrorKind("figures_span_too_long", 422, "The span has too many steps", "时间跨度过长")
