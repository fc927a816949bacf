"""Any list view as a spreadsheet: XLSX or CSV, streamed."""
