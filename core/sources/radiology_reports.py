"""Reports of chest radiographs in English, normal or abnormal: the Indiana University collection (Open-i).

The 3,955 reports come with torchxrayvision as an archive of XML files (CC BY-NC-ND: read where the package lies, never
copied). Of them 530 have no FINDINGS and are left out (the IMPRESSION states the answer, so it is no substitute): 3,425
stay, 1,206 normal, 2,129 abnormal and 90 that were never indexed, which have no label.

The label is that of the people who indexed the reports: `normal` when that is the only major heading. The same findings
are often reported again word for word (793 reports repeat an earlier one but for case and spaces); `same_text` names
them, so that `split.group` can keep them in one split.
"""

import hashlib
import tarfile
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator, Sequence
from pathlib import Path

from core.contracts import SplitSpec
from core.errors import ImportRefused
from core.sources.package_data import PackageCase, package_file

GROUP = "same_text"
COLUMNS = ("findings", "report", GROUP)
SIZE = 3_425
"""Reports that have findings."""
LARGEST_REPORT = 256 * 1024
"""Bytes of one report; the longest has 8,967."""
MOST_MEMBERS = 10_000
NOT_INDEXED = "no indexing"
NOTE = (
    "530 of the 3,955 reports have no findings and are left out. "
    "90 were never indexed and have no label: 30 wait in the pool; 60 share words and split with a labelled one."
)


def radiology_reports(_split: SplitSpec) -> Iterator[PackageCase]:
    """Yield the reports that have findings, in the order of the archive; ids are those of the collection (`CXR1`).

    Raises
    ------
    ImportRefused
        When torchxrayvision is not installed, or its archive is not what was expected.
    """
    path = package_file("radiology-reports", "torchxrayvision", "torchxrayvision", "data/NLMCXR_reports.tgz")
    try:
        for name, data in _members(path):
            if (case := read_report(name, data)) is not None:
                yield case
    except (OSError, EOFError, tarfile.TarError) as error:
        raise ImportRefused(f"{path.name} can't be read ({error}). Install torchxrayvision again.") from None


def _members(path: Path) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(path, "r:gz") as archive:
        for number, member in enumerate(archive):
            if number >= MOST_MEMBERS or member.size > LARGEST_REPORT:
                raise ImportRefused(
                    f"{path.name}: entry {number + 1}, {member.name[:60]!r}, has {member.size:,} bytes; wanted at most "
                    f"{MOST_MEMBERS:,} entries of {LARGEST_REPORT:,} bytes. Install torchxrayvision again."
                )
            if (file := archive.extractfile(member) if member.isfile() else None) is not None:
                yield member.name, file.read()


def read_report(name: str, data: bytes) -> PackageCase | None:
    """Return one report as a case, or None when it has no findings.

    A document type declaration is refused, so no entity is ever expanded.

    Parameters
    ----------
    name : str
        Name of the file, for messages.
    data : bytes
        XML in UTF-8.

    Raises
    ------
    ImportRefused
        When it is no XML, declares a document type, or has no id.
    """
    try:
        text = data.decode("utf-8")
        if "<!DOCTYPE" in text or "<!ENTITY" in text:
            raise ImportRefused(f"{name}: the report declares a document type, which is not read. Use plain XML.")
        report = ElementTree.fromstring(text)  # noqa: S314 - no document type, so no entities; of bounded size
    except (UnicodeDecodeError, ElementTree.ParseError) as error:
        raise ImportRefused(
            f"{name}: the report is no XML that can be read ({error}). Use the original file."
        ) from None
    identity = report.find("uId")
    if identity is None or not identity.get("id"):
        raise ImportRefused(f"{name}: the report has no `uId` with an `id`. Use the original file.")
    findings = _findings(report)
    cells = {"findings": findings, "report": _label(report), GROUP: same_text(findings)}
    return PackageCase(str(identity.get("id")), cells, {}) if findings else None


def same_text(text: str) -> str:
    """Return what texts have in common that differ in case and white space alone: 16 hex digits."""
    return hashlib.sha256(" ".join(text.lower().split()).encode()).hexdigest()[:16]


def _findings(report: ElementTree.Element) -> str:
    parts = (part.text or "" for part in report.iter("AbstractText") if part.get("Label") == "FINDINGS")
    return "\n\n".join(stripped for part in parts if (stripped := part.strip()))


def _label(report: ElementTree.Element) -> str:
    headings = [(heading.text or "").strip().lower() for heading in report.iter("major")]
    return _class_of([heading for heading in headings if heading])


def _class_of(headings: Sequence[str]) -> str:
    if not headings or NOT_INDEXED in headings:
        return ""
    return "normal" if list(headings) == ["normal"] else "abnormal"
