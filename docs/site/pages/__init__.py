"""Makes the pages that nobody writes by hand, and checks the site when it is built.

`documents` are the Markdown files of the tree, `reference` has every public name of the Python package, `processors`
measures every effect; `names` settles references to what has no page; `checks` says what is missing.
"""

from __future__ import annotations

from typing import Any

from sphinx.application import Sphinx

from pages import checks, documents, names, processors, reference


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect the pages to the build."""
    # Before sources are looked for.
    app.connect("config-inited", documents.write, priority=100)
    app.connect("config-inited", reference.write, priority=101)
    app.connect("config-inited", processors.write, priority=102)
    app.connect("autodoc-process-signature", names.plain_signature)
    app.connect("source-read", documents.mend)
    app.connect("missing-reference", names.as_text)
    app.connect("build-finished", checks.report)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
