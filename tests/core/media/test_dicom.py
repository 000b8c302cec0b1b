"""DICOM: the pixels that a person sees, and a clear refusal for what can't be read."""

import io
import math
import struct
import zlib

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.pixels.processing import apply_modality_lut, apply_windowing
from pydicom.uid import DeflatedExplicitVRLittleEndian, RLELossless

from core.errors import BadInput
from core.media.dicom import is_dicom, read_pixels, read_tags
from core.media.dicom_age import years
from core.media.dicom_window import windowed
from core.media.opening import LIMIT_PIXELS
from tests.helpers.dicom_files import grey, packaged, written


def pixels(dataset):
    return read_pixels(written(dataset), "a.dcm")


def refusal(data):
    with pytest.raises(BadInput) as error:
        read_pixels(data, "a.dcm")
    return str(error.value)


RAMP = np.array([[-1000, 0, 40], [80, 400, 3000]])


def test_rescale_then_window_worked_by_hand():
    # Hounsfield = 2 x - 10; window centre 40, width 101: black at -10.5 + .5, white at 90
    dataset = grey(np.array([[0, 25, 50, -9]]), RescaleSlope="2", RescaleIntercept="-10")
    dataset.WindowCenter, dataset.WindowWidth = ["40", "500"], ["101", "1000"]
    # (x - 39.5) / 100 + .5 for x = -10, 40, 90, -28
    assert pixels(dataset).tolist() == [[round(0.005 * 255), round(0.505 * 255), 255, 0]]


def test_monochrome1_is_inverted():
    dataset = grey(RAMP, WindowCenter="40", WindowWidth="400")
    upright = pixels(dataset)
    dataset.PhotometricInterpretation = "MONOCHROME1"
    assert (pixels(dataset) == 255 - upright).all()
    dataset.PresentationLUTShape = "INVERSE"
    assert (pixels(dataset) == 255 - upright).all()


@pytest.mark.parametrize("function", ["LINEAR", "LINEAR_EXACT", "SIGMOID"])
@pytest.mark.parametrize("width", [2.0, 350.0])
def test_the_window_is_pydicoms(function, width):
    dataset = grey(RAMP, WindowCenter="40", WindowWidth=str(width), VOILUTFunction=function)
    values = np.linspace(-200, 300, 997)
    reference = apply_windowing(values, dataset)  # from -32768 to 32767
    assert windowed(values, 40.0, width, function) == pytest.approx((reference + 32768) / 65535, abs=1e-9)


def test_without_a_window_percentiles_and_not_the_padding_decide():
    values = np.arange(10_000).reshape(100, 100) % 1000
    low, high = np.percentile(values, [0.5, 99.5])
    expected = np.rint(np.clip((values - low) / (high - low), 0, 1) * 255)
    assert (pixels(grey(values)) == expected).all()
    padded = np.vstack([values, np.full((900, 100), -2000)])
    assert (pixels(grey(padded, PixelPaddingValue=-2000))[:100] == expected).all()
    assert (pixels(grey(np.full((2, 2), 7))) == 0).all()


def test_a_window_without_width_is_passed_over():
    assert (pixels(grey(RAMP, WindowCenter="40", WindowWidth="0")) == pixels(grey(RAMP))).all()


def test_a_table_instead_of_a_window():
    table = Dataset()
    table.LUTDescriptor, table.LUTData = [4, 0, 8], struct.pack("<4H", 0, 10, 200, 255)
    dataset = grey(np.array([[0, 1, 2, 3, 9]]), VOILUTSequence=[table], WindowCenter="0", WindowWidth="4")
    assert pixels(dataset).tolist() == [[0, 10, 200, 255, 255]]


def test_real_radiographs_equal_pydicoms_own_window():
    data = packaged("dicomdirtests/77654033/CR1/6154")
    dataset = dcmread(io.BytesIO(data))
    assert dataset.PhotometricInterpretation == "MONOCHROME1"
    shown = apply_windowing(apply_modality_lut(dataset.pixel_array, dataset), dataset)
    low, slope = float(dataset.RescaleIntercept), float(dataset.RescaleSlope)
    expected = 255 - np.rint((shown - low) / (4095 * slope) * 255)
    assert np.abs(read_pixels(data, "cr") - expected).max() <= 1


@pytest.mark.parametrize("other", ["MR_small_RLE.dcm", "MR_small_bigendian.dcm", "MR_small_jp2klossless.dcm"])
def test_the_way_of_storing_makes_no_difference(other):
    plain = read_pixels(packaged("MR_small.dcm"), "plain")
    assert (read_pixels(packaged(other), other) == plain).all()
    assert plain.shape == (64, 64)


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("examples_palette.dcm", (350, 800, 3)),
        ("examples_rgb_color.dcm", (240, 320, 3)),
        ("SC_rgb_dcmtk_+eb+cy+np.dcm", (100, 100, 3)),
        ("SC_ybr_full_422_uncompressed.dcm", (100, 100, 3)),
        ("SC_rgb_rle_16bit.dcm", (100, 100, 3)),
        ("SC_rgb_rle_32bit.dcm", (100, 100, 3)),
        ("image_dfl.dcm", (512, 512)),
        ("JPEG2000.dcm", (1024, 256)),
        ("liver_1frame.dcm", (512, 512)),
    ],
)
def test_kinds_of_pictures(name, shape):
    found = read_pixels(packaged(name), name)
    assert (found.shape, found.dtype) == (shape, np.uint8)
    assert int(found.max()) - int(found.min()) > 200


def test_colours_are_right():
    # stripes of the test image: red, green, blue, ... down the picture
    for name in ("SC_rgb_rle.dcm", "SC_rgb_rle_16bit.dcm", "SC_rgb_dcmtk_+eb+cr.dcm", "SC_rgb_jpeg_dcmtk.dcm"):
        found = read_pixels(packaged(name), name)
        for row, colour in ((5, (255, 0, 0)), (25, (0, 255, 0)), (45, (0, 0, 255)), (95, (255, 255, 255))):
            assert np.abs(found[row, 50].astype(int) - colour).max() <= 6, (name, row)


def test_tags_are_text():
    dataset = grey(RAMP, PatientName="Doe^Jane", PatientAge="061Y", ImageType=["ORIGINAL", "PRIMARY"], Modality=None)
    dataset.add_new(0x00091010, "LO", "secret")
    tags = read_tags(written(dataset), "a.dcm")
    assert tags.values["PatientName"] == "Doe^Jane"
    assert tags.values["ImageType"] == "ORIGINAL\\PRIMARY"
    assert tags.values["Modality"] == ""
    assert "PixelData" not in tags.values
    assert "secret" not in tags.values.values()
    assert tags.private == 1


def test_what_pydicom_finds_odd_is_noted_without_values():
    dataset = grey(RAMP)
    data = written(dataset)
    assert read_tags(data, "a.dcm").notes == ()
    assert "found implicit VR" in read_tags(packaged("SC_rgb_jpeg.dcm"), "odd").notes[0]
    odd = read_tags(data.replace(b"1.2.3\0", b"Doe/J\0"), "a.dcm").notes
    assert odd
    assert "Doe" not in " ".join(odd)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("examples_ybr_color.dcm", "30 frames"),
        ("SC_rgb_rle_2frame.dcm", "2 frames"),
        ("badVR.dcm", "NumberOfFrames must be a whole number"),
        ("rtplan.dcm", "no picture in it (modality RTPLAN)"),
        ("no_meta.dcm", "no DICM at byte 128"),
        ("MR_truncated.dcm", "64 x 64 pixels need 8,192 bytes, got 8,130"),
        (
            "MR_small_jpeg_ls_lossless.dcm",
            "JPEG-LS Lossless Image Compression (1.2.840.10008.1.2.4.80) can't be decoded",
        ),
        ("SC_rgb_jpeg_gdcm.dcm", "JPEG Lossless"),
        ("JPGExtended.dcm", "JPEG of 12 bits"),
    ],
)
def test_what_cannot_be_read_says_why(name, words):
    assert words in refusal(packaged(name))


@pytest.mark.parametrize(
    "name", ["CT_small.dcm", "MR_small_RLE.dcm", "SC_rgb_jpeg_dcmtk.dcm", "693_J2KI.dcm", "image_dfl.dcm"]
)
def test_cut_short_anywhere(name):
    data = packaged(name)
    for length in (0, 100, 132, 140, 150, 400, len(data) // 2, len(data) - 300):
        assert refusal(data[:length]).startswith("a.dcm: ")


def test_garbage():
    assert "no DICOM file" in refusal(b"\x89PNG" + bytes(4000))
    noise = np.random.default_rng(0).integers(0, 256, 4000, np.uint8).tobytes()
    assert refusal(bytes(128) + b"DICM" + noise)
    assert not is_dicom(b"")


@pytest.mark.parametrize("name", ["CT_small.dcm", "MR_small_RLE.dcm", "JPEG2000.dcm", "UN_sequence.dcm", "badVR.dcm"])
def test_bytes_changed_at_random_never_break_out(name):
    """Whatever pydicom stumbles over is a message, and no value of a tag is in it."""
    whole, random = packaged(name), np.random.default_rng(1)
    messages = []
    for _ in range(25):
        data = bytearray(whole)
        for place in random.integers(0, min(len(whole), 2000), 5):
            data[place] = random.integers(0, 256)
        for read in (read_pixels, read_tags):
            try:
                read(bytes(data), "a.dcm")
            except BadInput as error:
                messages.append(str(error))
    assert messages
    assert all(message.startswith("a.dcm: ") for message in messages)
    assert not any("CompressedSamples" in message for message in messages)


def test_a_huge_declared_size_is_refused_before_it_is_believed():
    dataset = grey(RAMP, Rows=65_535, Columns=65_535)
    assert f"{LIMIT_PIXELS:,}" in refusal(written(dataset))
    assert "cut short: 3000 x 3000 pixels need 18,000,000 bytes" in refusal(
        written(grey(RAMP, Rows=3000, Columns=3000))
    )
    assert refusal(written(grey(RAMP, BitsAllocated=65_535)))
    assert "Rows must be" in refusal(written(grey(RAMP, Rows=0)))


def test_a_picture_of_another_size_than_declared():
    dataset = dcmread(io.BytesIO(packaged("SC_rgb_jpeg_dcmtk.dcm")))
    dataset.Rows = 50
    assert "declares 100 x 50 pixels, the picture inside has 100 x 100" in refusal(written(dataset))


def test_run_lengths_that_unpack_to_more_than_declared():
    dataset = grey(RAMP)
    dataset.file_meta.TransferSyntaxUID = RLELossless
    dataset.PixelData = encapsulate([struct.pack("<16L", 2, 64, 66, *[0] * 13) + b"\x81\x00" + b"\x81\x00" * 50_000])
    assert "more than the 12 bytes declared" in refusal(written(dataset))


def test_a_deflated_file_that_unpacks_without_end(monkeypatch):
    monkeypatch.setattr("core.media.dicom.LARGEST_INFLATED", 4 << 20)
    dataset = grey(RAMP)
    dataset.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    whole = written(dataset)
    assert read_pixels(whole, "a.dcm").shape == RAMP.shape
    head = whole[: whole.index(DeflatedExplicitVRLittleEndian.encode()) + len(DeflatedExplicitVRLittleEndian)]
    start = 144 + struct.unpack("<L", whole[140:144])[0]
    packer = zlib.compressobj(9, wbits=-15)
    block = bytes(1 << 20)
    bomb = b"".join(packer.compress(block) for _ in range(8)) + packer.flush()
    assert len(head) < start
    assert "unpacks to more than" in refusal(whole[:start] + bomb)


def test_no_transfer_syntax():
    dataset = grey(RAMP)
    data = written(dataset)
    uid = b"1.2.840.10008.1.2.1\0"
    assert "1.2.840.99999.1.2.1" in refusal(data.replace(uid, b"1.2.840.99999.1.2.1\0"))


@pytest.mark.parametrize(
    ("text", "age"), [("061Y", 61), ("006M", 0.5), ("010D", 10 / 365.25), ("002W", 14 / 365.25), ("61", math.nan)]
)
def test_ages(text, age):
    assert years(text) == pytest.approx(age, nan_ok=True)
