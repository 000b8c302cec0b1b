"""Small DICOM files, and those that come inside pydicom's package."""

import io
from pathlib import Path

import numpy as np
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian


def packaged(name: str) -> bytes:
    """Bytes of a file that comes inside pydicom's package."""
    path = get_testdata_file(name, download=False)
    assert path is not None, name
    return Path(path).read_bytes()


def grey(values, **tags) -> Dataset:
    """A small DICOM file of 16-bit greys."""
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.SOPClassUID, dataset.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.7", "1.2.3"
    dataset.Rows, dataset.Columns = values.shape
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated = dataset.BitsStored = 16
    dataset.HighBit, dataset.PixelRepresentation = 15, 1
    dataset.PixelData = values.astype("<i2").tobytes()
    for key, value in tags.items():
        setattr(dataset, key, value)
    return dataset


def written(dataset: Dataset) -> bytes:
    """The bytes of a file with this data set."""
    buffer = io.BytesIO()
    dataset.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def write_patient(path: Path, number: int, **tags) -> Path:
    """Write a picture of patient P0, P1, ... (two pictures each), with names and dates that must not be kept."""
    path.parent.mkdir(parents=True, exist_ok=True)
    values = np.random.default_rng(number).integers(0, 1000, (8, 6))
    given = {
        "SOPInstanceUID": f"1.2.826.{number}",
        "PatientName": "Doe^Jane",
        "PatientID": f"P{number // 2}",
        "PatientBirthDate": "19610203",
        "PatientAge": f"{30 + number:03d}Y",
        "PatientSex": "FM"[number // 2 % 2],
        "ViewPosition": "AP",
        "AccessionNumber": "A-77",
        "Modality": "CR",
    }
    path.write_bytes(written(grey(values, **{**given, **tags})))
    return path
