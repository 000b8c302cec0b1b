"""Whether person and model together beat either: paired outcomes, measures with intervals, who should read what."""
