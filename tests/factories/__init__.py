"""All that makes data for tests, and the data that is kept as files.

``records``: announcements, attachments and pages, in any engine. ``archives``: whole ones on real engines.
``memos``, ``documents``: PDF as offices write it. ``office_files``: Word, Excel and OpenDocument files.
``hostile_files``: PDF and pictures made to harm. ``signing``: a signer and signed PDF. ``first-release.tar``,
``before-0.2.0.tar``: archives of earlier releases. ``memo.doc``: a Word 97 file that LibreOffice wrote.

The conftest files have fixtures only, and nothing here looks at results.
"""
