"""Small real data for the fake services: drawn digits, heat maps, a gate report."""

from base64 import b64decode
from datetime import UTC, datetime, timedelta
from io import BytesIO

from PIL import Image, ImageDraw, ImageFont

from core.contracts import (
    Artefact,
    ChangedCase,
    Check,
    ChoiceView,
    Estimate,
    FieldView,
    GateReport,
    TargetView,
    Thumbnail,
)

START = datetime.now(UTC) - timedelta(hours=26)


def png(image: Image.Image) -> bytes:
    buffer = BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def digit(number: int, side: int = 28, shade: int = 160) -> Image.Image:
    """A digit with a grey patch in its corner."""
    image = Image.new("L", (side, side), 0)
    draw = ImageDraw.Draw(image)
    draw.text((side * 0.3, side * 0.05), str(number % 10), fill=255, font=ImageFont.load_default(side * 0.8))
    patch = max(2, side // 7)
    draw.rectangle((side - patch, side - patch, side - 1, side - 1), fill=shade)
    return image


def heat(side: int) -> bytes:
    """Orange on the corner patch, blue in the middle."""
    image = Image.new("RGBA", (side, side), (0, 0, 0, 0))
    draw = ImageDraw.Draw(image)
    patch = max(2, side // 7)
    draw.rectangle((side - patch, side - patch, side - 1, side - 1), fill=(230, 97, 1, 255))
    draw.rectangle((side // 3, side // 3, side // 2, side // 2), fill=(94, 130, 201, 160))
    return png(image)


def image_field(number: int, side: int) -> FieldView:
    return FieldView("image", "Image", "image", image=png(digit(number, side)), width=side, height=side)


def target(classes: tuple[str, ...], name: str = "digit") -> TargetView:
    return TargetView(name, spaced(name), tuple(ChoiceView(value, value) for value in classes))


def spaced(name: str) -> str:
    return name.replace("_", " ").capitalize()


def unpack(mask: bytes) -> Image.Image:
    return Image.open(BytesIO(mask)).convert("L")


def decode(text: str) -> Image.Image:
    return unpack(b64decode(text))


FIGURES = (
    ("accuracy", Estimate(0.4712, 0.43, 0.512, 500)),
    ("AUROC", Estimate(0.8731, 0.851, 0.894, 500)),
    ("calibration error", Estimate(0.0457, 0.031, 0.062, 500)),
)
ARTEFACT = Artefact(1, "corner patch", 9)


def check(name: str, title: str, before: float, after: float, half: float, limit: float, verdict: str, **more) -> Check:
    difference = after - before
    values = {
        "better": "higher" if limit < 0 else "lower",
        "n": 500,
        "reason": "the interval lies on the good side of the limit",
    } | more
    return Check(
        name, title, before, after, difference, difference - half, difference + half, limit, verdict=verdict, **values
    )


def report(verdict: str = "pass") -> GateReport:
    crosses = "the interval crosses the limit"
    few = "7 cases are fewer than 20"
    checks = (
        check("accuracy", "Accuracy", 0.471, 0.902, 0.04, -0.02, "pass"),
        check("reliance", "Reliance on “corner patch”", 0.62, 0.06, 0.05, -0.05, "pass"),
        check("class:3", "Answers for class 3", 0.52, 0.49, 0.09, -0.10, verdict, reason=crosses, needed=310),
        check("ece", "Calibration error", 0.046, 0.038, 0.02, 0.05, "pass"),
        Check("group", "Accuracy, <40", None, None, None, None, None, -0.1, "higher", 7, "not assessable", few, 20),
    )
    changed = (ChangedCase("d-0003", "digit", "3", "3", "8"), ChangedCase("d-0004", "digit", "4", "9", "4"))
    return GateReport("decoy-digits", "v4", "v3", "abc", 2, "not assessable", checks, changed, 3.4)


def thumbnails(names: tuple[str, ...], caption: str) -> tuple[Thumbnail, ...]:
    return tuple(Thumbnail(name, png(digit(i + 3)), caption) for i, name in enumerate(names))
