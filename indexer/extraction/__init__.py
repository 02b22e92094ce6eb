"""Reading of files: the text of each page, from the file or by OCR, and the document's metadata."""
