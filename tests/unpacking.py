"""Archives of our own, unpacked with any Python that the project runs on."""

import tarfile

__all__ = ["unpack"]


def unpack(archive: tarfile.TarFile, folder) -> None:
    """Write what an archive holds; the argument `filter` is known from Python 3.11.4 on."""
    archive.extraction_filter = getattr(tarfile, "data_filter", None)
    archive.extractall(folder)
