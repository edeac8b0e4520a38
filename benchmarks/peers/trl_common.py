"""What the peers with a trainer of TRL share: prompts of exact length, as it takes texts, the clock of its steps, and the training."""

import random
import tempfile

from common import Meter, load_model, lora_config, model_folder
from transformers import AutoTokenizer, TrainerCallback

PACKAGES = ["torch", "transformers", "peft", "trl"]


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


def measure_steps(settings, stage, trainer, config, *, rows, completion_tokens, arguments, **more):
    """Times optimiser steps of a trainer: `rows` makes its data with the tokenizer, `arguments` go to its configuration, and what
    else is given goes to the trainer. Every completion has `completion_tokens` tokens.
    """
    if settings.stage != stage:
        raise SystemExit(f"There is no stage {settings.stage} here, only {stage}.")
    tokenizer = AutoTokenizer.from_pretrained(model_folder(settings), padding_side="left")
    clock = Clock(settings)
    with tempfile.TemporaryDirectory() as output:
        args = config(
            output_dir=output,
            max_steps=settings.repeats + 1,
            max_completion_length=completion_tokens,
            # Lengths are exact: the trainer names the tokenizer's end token, so it is kept from being drawn.
            generation_kwargs={"min_new_tokens": completion_tokens},
            learning_rate=5e-6,
            optim="adamw_torch_fused",
            max_grad_norm=1.0,
            # Recomputing activations saves memory and costs time; nothing else here does so.
            gradient_checkpointing=False,
            use_cpu=True,
            dataloader_pin_memory=False,
            bf16=settings.precision == "bf16",
            logging_strategy="no",
            save_strategy="no",
            report_to="none",
            disable_tqdm=True,
            seed=settings.seed,
            **arguments,
        )
        trainer(
            model=load_model(settings),
            args=args,
            train_dataset=rows(tokenizer),
            processing_class=tokenizer,
            peft_config=lora_config(settings) if settings.rank else None,
            callbacks=[clock],
            **more,
        ).train()
    return clock.meter.result()
