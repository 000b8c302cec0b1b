"""Pictures in and out: decoding, masks, heat maps. Bytes and arrays only; knows no case and no model."""

from core.media.heat import heat_png
from core.media.images import BrowserImage, ImagePixels, browser_image, decode_image, encode_png, thumbnail
from core.media.masks import decode_mask, encode_mask, share

__all__ = [
    "BrowserImage",
    "ImagePixels",
    "browser_image",
    "decode_image",
    "decode_mask",
    "encode_mask",
    "encode_png",
    "heat_png",
    "share",
    "thumbnail",
]
