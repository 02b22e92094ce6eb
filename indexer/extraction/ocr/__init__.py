"""OCR: recognition, line layout, choice between readings, correction."""
