"""Intake: the front door. Cycles, enterprises, applications, workbooks."""
