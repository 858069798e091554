"""The pages by which objects show themselves in notebooks: importing this registers them all.

They stand above everything that they show; what is shown derives from :class:`mixdown.display.html.Shown`, and knows
nothing of them.
"""

from mixdown.display.pages import albums, effects, masters, meters, mixes, recordings, reports

__all__ = ["albums", "effects", "masters", "meters", "mixes", "recordings", "reports"]
