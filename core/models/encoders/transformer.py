"""Texts: a small transformer that is trained from scratch, so that its words' gradients can be guided."""

import math

import torch
from torch import Tensor, nn

from core.contracts import EncoderSpec, FieldSpec
from core.errors import BadInput
from core.models.encoders.base import Encoder, Entry

UNKNOWN = 0
"""Row of the table for words that are not in the vocabulary."""
RAREST = 2
"""Times that a word must occur in the training texts to be learnt."""
NO_WORD = torch.iinfo(torch.int64).max
"""Fills the vocabulary's free places; sorted behind every word."""


class Attention(nn.Module):
    """Multi-head self-attention written out, so that it can be differentiated twice on every device.

    Its weights [batch, heads, tokens, tokens] are the answer of the module `weigh`, for those who watch them.
    """

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.mix = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        self.weigh = nn.Softmax(dim=3)

    def forward(self, values: Tensor, present: Tensor) -> Tensor:
        """Return [batch, tokens, width]; no token looks at places without one."""
        count, tokens, width = values.shape
        mixed = self.mix(values).view(count, tokens, 3, self.heads, width // self.heads)
        query, key, value = mixed.permute(2, 0, 3, 1, 4)  # each [B, heads, tokens, width / heads]
        scores = query @ key.transpose(2, 3) / math.sqrt(width // self.heads)
        scores = scores.masked_fill(~present[:, None, None, :], torch.finfo(scores.dtype).min)
        read = (self.weigh(scores) @ value).transpose(1, 2).reshape(count, tokens, width)
        result: Tensor = self.out(read)
        return result


class Block(nn.Module):
    """Attention, then a layer for each token alone; both added to what came in."""

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.first, self.second = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attention = Attention(width, heads)
        self.alone = nn.Sequential(nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width))
        self.dropout = nn.Dropout(dropout)

    def forward(self, values: Tensor, present: Tensor) -> Tensor:
        """Return [batch, tokens, width]."""
        read = values + self.dropout(self.attention(self.first(values), present))
        result: Tensor = read + self.dropout(self.alone(self.second(read)))
        return result


class TextTransformer(Encoder):
    """Word vectors plus sines of their place, attention blocks, then mean and maximum over the words.

    The vocabulary is the most frequent words of the training texts; every other word is one unknown word.

    Source
    ------
    Vaswani et al., Attention Is All You Need, NeurIPS 2017; norm before each layer: Xiong et al., ICML 2020.
    """

    vocabulary: Tensor
    places: Tensor

    def __init__(self, spec: EncoderSpec, field: FieldSpec) -> None:
        super().__init__(field)
        if field.tokeniser != "words":
            raise BadInput(
                f"Encoder 'transformer' reads words; field {field.name!r} has tokeniser {field.tokeniser!r}. "
                'Set tokeniser = "words", or encoder minilm.'
            )
        if spec.width % spec.heads:
            raise BadInput(
                f"Encoder 'transformer' of field {field.name!r} has width {spec.width} and {spec.heads} heads, "
                "which must divide it. Set width = 64 and heads = 4, for example."
            )
        self.register_buffer("vocabulary", torch.full((spec.vocabulary,), NO_WORD))
        self.register_buffer("places", _sines(field.tokens, spec.width))
        self.table = nn.Embedding(spec.vocabulary + 1, spec.width)
        self.blocks = nn.ModuleList(Block(spec.width, spec.heads, spec.dropout) for _ in range(spec.layers))
        self.norm = nn.LayerNorm(spec.width)
        self.dropout = nn.Dropout(spec.dropout)
        self.dim = 2 * spec.width

    def fit(self, prepared: Tensor) -> None:
        """Take the words that occur at least twice in the training texts, the most frequent ones first."""
        numbers, counts = torch.unique(prepared[prepared != 0], return_counts=True)
        often = counts >= RAREST
        order = counts[often].argsort(descending=True, stable=True)[: len(self.vocabulary)]
        chosen = numbers[often][order].sort().values
        self.vocabulary.fill_(NO_WORD)
        self.vocabulary[: len(chosen)] = chosen

    def enter(self, prepared: Tensor) -> Entry:
        """Return word vectors [batch, tokens, width], zeros where there is no word."""
        present = prepared != 0
        place = torch.searchsorted(self.vocabulary, prepared).clamp(max=len(self.vocabulary) - 1)
        rows = torch.where(self.vocabulary[place] == prepared, place + 1, UNKNOWN)
        return Entry(self.table(rows) * present.unsqueeze(2), present)

    def spread(self) -> float:
        """Return the standard deviation of the words' vectors."""
        return float(self.table.weight.detach().std())

    def last_block(self) -> list[nn.Parameter]:
        """Return the weights of the last attention block and of the norm behind it."""
        return [*self.blocks[-1].parameters(), *self.norm.parameters()]

    def forward(self, values: Tensor, present: Tensor | None = None) -> Tensor:
        """Return [batch, 2 x width] of word vectors [batch, tokens, width]."""
        there = torch.ones(values.shape[:2], dtype=torch.bool, device=values.device) if present is None else present
        length = max(1, int(there.any(dim=0).nonzero().max()) + 1 if bool(there.any()) else 1)
        there, read = there[:, :length], self.dropout(values[:, :length] + self.places[:length])
        for block in self.blocks:
            read = block(read, there)
        return _pooled(self.norm(read), there)


def _pooled(values: Tensor, present: Tensor) -> Tensor:
    """Return mean and maximum over the places with a word, [batch, 2 x width]; zeros for a text without words."""
    there = present.unsqueeze(2)
    mean = (values * there).sum(dim=1) / there.sum(dim=1).clamp(min=1)
    most = values.masked_fill(~there, torch.finfo(values.dtype).min).amax(dim=1)
    return torch.cat([mean, torch.where(there.any(dim=1), most, 0.0)], dim=1)


def _sines(tokens: int, width: int) -> Tensor:
    """Return sines and cosines of each place [tokens, width], small beside the words' vectors."""
    steps = torch.arange(tokens, dtype=torch.float32)[:, None]
    rates = torch.exp(torch.arange(0, width, 2, dtype=torch.float32) * (-math.log(10_000.0) / width))
    table = torch.zeros(tokens, width)
    table[:, 0::2] = torch.sin(steps * rates)
    table[:, 1::2] = torch.cos(steps * rates[: width // 2])
    return 0.1 * table
