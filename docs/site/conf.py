"""Settings of the documentation site. `cargo xtask docs` builds it into out/docs."""

import logging
import os
import sys
from pathlib import Path

SITE = Path(__file__).resolve().parent
sys.path.insert(0, str(SITE))

# Cells run with the settings of this folder, not with those of a user, and say nothing of their kernels.
os.environ["IPYTHONDIR"] = str(SITE / "kernel")
logging.getLogger("traitlets").setLevel(logging.WARNING)

project = "mixdown"
author = "The mixdown developers"
project_copyright = author
language = "en"
# Words in quotation marks are values of parameters.
smartquotes = False

extensions = [
    "sphinx.ext.autodoc",
    "numpydoc",
    "myst_nb",
    "sphinx_copybutton",
    "sphinx_design",
    "pages",
]
root_doc = "index"
nitpicky = True

# Types of other packages, whose references lie beyond this site.
nitpick_ignore_regex = [
    (r"py:.*", r"(numpy|np|npt|matplotlib|typing|collections|pathlib|os|concurrent|datetime|rich|types)(\..*)?"),
    (r"py:.*", r"(NDArray|ArrayLike|DTypeLike|Axes|Figure|FigureBase)(\[.*)?"),
]

# Executed pages: a cell that raises fails the build.
nb_execution_mode = "auto"
nb_execution_raise_on_error = True
nb_execution_timeout = 240
nb_execution_show_tb = True
nb_merge_streams = True

myst_enable_extensions = ["colon_fence", "deflist", "dollarmath", "attrs_inline"]
myst_heading_anchors = 4

_ALIASES = ("Audio", "AudioLike", "ArrayLike", "Automated", "DTypeLike", "Numbers", "Points", "Progress", "Source")
autodoc_typehints = "signature"
autodoc_type_aliases = {name: name for name in _ALIASES}
autodoc_member_order = "bysource"
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 88
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False

copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True
copybutton_exclude = ".linenos, .gp, .go"

html_theme = "furo"
html_title = "mixdown"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sourcelink = False
html_show_sphinx = False
