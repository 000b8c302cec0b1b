"""Texts: the packaged all-MiniLM-L6-v2, frozen."""

from typing import Any, Self

import torch
from torch import Tensor, nn

from core.contracts import EncoderSpec, FieldSpec
from core.errors import BadInput
from core.models.encoders.base import Encoder, Entry
from core.models.tokenisers import FIRST_PIECE, minilm_folder

BEGIN, END = 101, 102
"""Word pieces that MiniLM expects before and after a text."""


class MiniLM(Encoder):
    """Sentence embeddings of a network that never trains: the mean over its tokens' vectors, at length 1.

    The entry is the word pieces' vectors, before the vectors of their places are added. At most 510 are read.

    Source
    ------
    Wang et al., MiniLM, NeurIPS 2020; Reimers and Gurevych, Sentence-BERT, EMNLP 2019. Weights: Apache-2.0.
    """

    frozen = True

    def __init__(self, spec: EncoderSpec, field: FieldSpec, load_weights: bool = True) -> None:
        super().__init__(field)
        if field.tokeniser != "wordpiece" or field.tokens > 510:
            raise BadInput(
                f"Encoder 'minilm' reads word pieces, at most 510; field {field.name!r} has tokeniser "
                f'{field.tokeniser!r} and {field.tokens} tokens. Set tokeniser = "wordpiece" and tokens = 256.'
            )
        self.model = _model(load_weights)
        self.dim = int(self.model.config.hidden_size)
        self.requires_grad_(False)
        self.train(False)

    def train(self, mode: bool = True) -> Self:
        """Stay in evaluation mode, whatever `mode` says."""
        return super().train(False)

    def last_block(self) -> list[nn.Parameter]:
        """Return the weights of the last attention layer."""
        return list(self.model.encoder.layer[-1].parameters())

    def enter(self, prepared: Tensor) -> Entry:
        """Return word-piece vectors [batch, tokens, 384], zeros where there is none."""
        present = prepared != 0
        values = self.model.embeddings.word_embeddings((prepared - FIRST_PIECE).clamp(min=0))
        return Entry(values * present.unsqueeze(2), present)

    def forward(self, values: Tensor, present: Tensor | None = None) -> Tensor:
        """Return [batch, 384] of word-piece vectors [batch, tokens, 384]."""
        if not len(values):
            return values.new_zeros(0, self.dim)
        there = torch.ones(values.shape[:2], dtype=torch.bool, device=values.device) if present is None else present
        length = int(there.sum(dim=1).max())
        framed, mask = self._framed(values[:, :length], there[:, :length])
        read = self.model(inputs_embeds=framed, attention_mask=mask).last_hidden_state
        mean = (read * mask.unsqueeze(2)).sum(dim=1) / mask.sum(dim=1, keepdim=True)
        return torch.nn.functional.normalize(mean, dim=1)

    def _framed(self, values: Tensor, present: Tensor) -> tuple[Tensor, Tensor]:
        """Put the begin and the end piece around each text; return vectors and mask, both two places longer."""
        begin, end = self.model.embeddings.word_embeddings(torch.tensor([BEGIN, END], device=values.device))
        count, lengths = len(values), present.sum(dim=1)
        places = torch.arange(values.shape[1] + 2, device=values.device)
        empty = values.new_zeros(count, 1, values.shape[2])
        framed = torch.cat([begin.expand(count, 1, -1), values, empty], dim=1)
        at_end = (places == lengths[:, None] + 1).unsqueeze(2)
        return torch.where(at_end, end, framed), (places < lengths[:, None] + 2).to(values.dtype)


def _model(load_weights: bool) -> Any:
    from transformers import BertConfig, BertModel  # loads slowly, and only this encoder needs it
    from transformers.utils import logging

    # Its report of weights that are rightly left out, and a bar, would go to the log.
    logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    folder = minilm_folder()
    if load_weights:
        return BertModel.from_pretrained(
            folder, add_pooling_layer=False, local_files_only=True, attn_implementation="eager", use_safetensors=True
        )
    config = BertConfig.from_pretrained(folder, local_files_only=True)
    config._attn_implementation = "eager"
    return BertModel(config, add_pooling_layer=False)
