"""Risk compensation (风险补偿, plan 三(三)): banks claim for credits that failed, a finance officer decides."""
