"""A model of one's own: `[model] callable = "module:function"` and a safetensors file, instead of encoders.

The function takes no arguments and returns a `torch.nn.Module`. The module is called with one tensor for each field, in
the order of the fields:

- image: float32 [B, C, S, S] from 0 to 1, prepared as the field declares; a missing one is all zeros
- numeric: float32 [B, 1] in the field's unit; a missing one is not-a-number
- categorical: float32 [B, K], one-hot in the order of the field's categories; a missing one is all zeros
- text: int64 [B, T], 0 where there is no token; words are hashes (`core.models.words.word_number`), word pieces are the
  numbers of the packaged MiniLM vocabulary, without the pieces that begin and end a text

and answers logits [B, classes]: for several targets a dict by target, or a tuple in their order. In evaluation mode
each row must depend on its own case alone, and two passes must give the same. Code is imported from the Python path and
from the folders of `TANDEM_MODELS`, never from an upload; weights are stored with the version.
"""

from core.models.own.checks import adopt
from core.models.own.code import search_in
from core.models.own.network import OwnNetwork

__all__ = ["OwnNetwork", "adopt", "search_in"]
