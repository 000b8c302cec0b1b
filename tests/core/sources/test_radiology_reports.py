"""Radiology reports: findings of the package's archive, labels of its indexers, and safe reading of both."""

import io
import tarfile
from collections import Counter, defaultdict
from pathlib import Path

import pytest

from core.errors import ImportRefused
from core.sources import load_workspace, radiology_reports, source_of
from core.sources.radiology_reports import read_report, same_text
from tests.helpers.source_parts import Listener, MemoryBlobs

FILE = Path(__file__).resolve().parents[3] / "assets" / "workspaces" / "radiology-reports.toml"
SPEC = load_workspace(FILE)[0]
REPORT = """<?xml version="1.0" encoding="utf-8"?>
<eCitation><uId id="CXR7"/><Abstract>
<AbstractText Label="INDICATION">cough</AbstractText><AbstractText Label="FINDINGS">{findings}</AbstractText>
<AbstractText Label="IMPRESSION">Normal.</AbstractText></Abstract><MeSH>{headings}</MeSH></eCitation>"""


def report(findings="Lungs &amp; heart <b/>", headings="<major>normal</major>") -> bytes:
    return REPORT.format(findings=findings, headings=headings).encode()


@pytest.fixture(scope="module")
def result():
    return source_of(SPEC).read(SPEC, MemoryBlobs(), Listener())


def test_every_report_with_findings_is_a_case(result):
    assert result.problems == ()
    assert len({case.name for case in result.cases}) == len(result.cases) == 3_425 == radiology_reports.SIZE
    labels = Counter(case.labels.get("report", "none") for case in result.cases)
    assert labels == {"normal": 1_206, "abnormal": 2_129, "none": 90}
    assert result.notes == (radiology_reports.NOTE,)
    assert all(case.fields[0].text for case in result.cases)
    assert result.cases[0].name == "CXR1"
    assert result.cases[0].fields[0].text.startswith("The cardiac silhouette and mediastinum size are within normal")


def test_equal_texts_are_in_one_split_and_reports_without_a_label_wait(result):
    splits = defaultdict(set)
    for case in result.cases:
        splits[same_text(case.fields[0].text)].add(case.split)
    assert len(splits) == 2_632
    assert all(len(found) == 1 for found in splits.values())
    labelled = {case.group for case in result.cases if case.labels}
    alone = [case for case in result.cases if case.group not in labelled]
    assert len(alone) == 30
    assert {case.split for case in alone} == {"pool"}


def test_every_split_has_enough_of_both_classes(result):
    counts = Counter((case.split, case.labels.get("report")) for case in result.cases)
    assert all(
        counts[split, label] >= 50
        for split in ("train", "validation", "calibration", "ledger", "pool")
        for label in SPEC.targets[0].classes
    )


@pytest.mark.parametrize(
    ("headings", "label"),
    [
        ("<major>normal</major>", "normal"),
        ("<major> Normal </major>", "normal"),
        ("<major>Opacity/lung</major>", "abnormal"),
        ("<major>normal</major><major>Opacity/lung</major>", "abnormal"),
        ("<major>no indexing</major>", ""),
        ("<minor>normal</minor>", ""),
        ("<major/>", ""),
    ],
)
def test_label(headings, label):
    assert read_report("a.xml", report(headings=headings)).cells["report"] == label


def test_findings_alone_are_the_text():
    case = read_report("a.xml", report())
    assert case.name == "CXR7"
    assert case.cells["findings"] == "Lungs & heart"
    assert read_report("a.xml", report(findings=" \n ")) is None


def test_same_text():
    assert same_text("Lungs  are\nClear. ") == same_text("lungs are clear.")
    assert same_text("lungs are clear") != same_text("lungs are clear.")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"no xml", "is no XML"),
        (b"\xff\xfe<", "is no XML"),
        (report()[:-20], "is no XML"),
        (b"<eCitation/>", "has no `uId`"),
        (b'<!DOCTYPE a [<!ENTITY b "c">]>' + report(findings="&b;"), "declares a document type"),
    ],
)
def test_a_report_that_can_not_be_read_is_refused(data, words):
    with pytest.raises(ImportRefused, match=words):
        read_report("a.xml", data)


def archive(path: Path, *members: bytes) -> Path:
    with tarfile.open(path, "w:gz") as packed:
        for number, data in enumerate(members):
            member = tarfile.TarInfo(f"{number}.xml")
            member.size = len(data)
            packed.addfile(member, io.BytesIO(data))
    return path


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda path: archive(path, b" " * (radiology_reports.LARGEST_REPORT + 1)), "entry 1, '0.xml', has 262,145"),
        (lambda path: path.write_bytes(b"no archive"), "can't be read"),
        (lambda path: path.write_bytes(archive(path, report() * 50).read_bytes()[:60]), "can't be read"),
    ],
)
def test_a_broken_archive_is_refused(make, words, tmp_path, monkeypatch):
    path = tmp_path / "reports.tgz"
    make(path)
    monkeypatch.setattr(radiology_reports, "package_file", lambda *_: path)
    with pytest.raises(ImportRefused, match=words):
        source_of(SPEC).read(SPEC, MemoryBlobs(), Listener())


def test_a_link_in_the_archive_is_not_followed(tmp_path):
    with tarfile.open(tmp_path / "reports.tgz", "w:gz") as packed:
        link = tarfile.TarInfo("1.xml")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/hostname"
        packed.addfile(link)
    assert list(radiology_reports._members(tmp_path / "reports.tgz")) == []
