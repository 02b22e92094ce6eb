"""Page images before OCR: input files as PDF, light, skew, stamps."""
