"""Workbooks of applications: template, upload, reading in the background, rejected rows."""
