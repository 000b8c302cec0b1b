"""Export for Label Studio: tasks with our answers and verdicts, and a labelling config."""

from pathlib import Path

from core.formats.exported import Exported, ExportedCase, ExportedMark, Written
from core.formats.label_studio_masks import Mask
from core.formats.label_studio_writing import CONFIG, TASKS, write_label_studio
from core.media import decode_mask
from core.services.exporting.record import READS


def write(exported: Exported, folder: Path) -> Written:
    """Write `tasks.json` and `labelling.xml`; reads stay in the CSV beside them."""
    write_label_studio(folder, exported, _decoded)
    return Written((TASKS, CONFIG), {"kind": "label-studio", "file": TASKS, "reads": READS})


def _decoded(case: ExportedCase, mark: ExportedMark) -> Mask:
    return decode_mask(mark.mask or b"", *case.sizes[mark.field], f"the mask on case {case.name!r}")
