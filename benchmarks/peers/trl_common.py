"""What the peers with a trainer of TRL share: prompts of exact length, as it takes texts, and the clock of its steps."""

import random

from common import Meter
from transformers import TrainerCallback


def text_of(words, length, seed):
    """A text of an exact number of tokens."""
    chosen = random.Random(seed)
    return "".join(chosen.choice(words) for _ in range(length))


def plain_words(tokenizer):
    """Words of one token each, with their space: a text of n of them has n tokens."""
    words = [tokenizer.decode([token]) for token in range(tokenizer.vocab_size // 100, tokenizer.vocab_size)]
    return [word for word in words if word.startswith(" ") and word[1:].isascii() and word[1:].isalpha()]


class Clock(TrainerCallback):
    """Times the optimiser steps of a trainer."""

    def __init__(self, settings):
        self.settings = settings

    def on_train_begin(self, args, state, control, **_):
        self.meter = Meter(self.settings)

    def on_step_begin(self, args, state, control, **_):
        self.meter.begin()

    def on_step_end(self, args, state, control, **_):
        self.meter.end()
