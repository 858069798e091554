"""Catalogues: thousands of songs, mastered by jobs that anyone may lose and repeat."""

from mixdown.catalog.cataloguing import Catalog, master_catalog
from mixdown.catalog.job import Job, run
from mixdown.catalog.records import CatalogRecord
from mixdown.catalog.settings import CatalogSettings
from mixdown.catalog.songs import FileFormat, catalog_jobs, catalog_manifest

__all__ = [
    "Catalog",
    "CatalogRecord",
    "CatalogSettings",
    "FileFormat",
    "Job",
    "catalog_jobs",
    "catalog_manifest",
    "master_catalog",
    "run",
]
