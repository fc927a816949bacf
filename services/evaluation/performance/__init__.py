"""Annual performance of cities (年度绩效评价, plan 四(三)): computed from the ledgers, never typed in again."""
