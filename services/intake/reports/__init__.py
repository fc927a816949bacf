"""Reports after admission (监测评价): progress reports by pool members, and major problems reported by cities."""
