"""The text that a PDF carries: content streams, glyph clusters, repair of Thai, signatures."""
