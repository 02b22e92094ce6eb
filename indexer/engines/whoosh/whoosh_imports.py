"""The only module that imports Whoosh: the names used here, private ones too, all unchanged.

Private parts, which a new version may change without notice: the base classes of the third codec
(``W3Codec``), the flushing and merging of ``SegmentWriter``, and the table of contents (``TOC``).
``tests/indexer/engines/whoosh/test_whoosh_imports.py`` names each that is used.
"""

from __future__ import annotations

from whoosh import columns
from whoosh.codec.whoosh3 import W3Codec
from whoosh.fields import COLUMN, FieldType, Schema
from whoosh.filedb.filestore import FileStorage, RamStorage
from whoosh.formats import Existence
from whoosh.index import TOC, FileIndex, clean_files
from whoosh.reading import SegmentReader
from whoosh.writing import SegmentWriter
