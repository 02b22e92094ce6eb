"""Reading of Office files: their text by page, and their conversion to PDF where LibreOffice is installed."""
