"""A whole step by TRL's own trainer for on-policy self-distillation, SDFTTrainer: the student samples, the base model scores the
completions behind a longer prompt, the loss is the forward KL over the whole vocabulary. One optimiser step is one call.
"""

from common import SAMPLING, Meter, load_model, lora_config, model_folder, read_settings, report, use_threads

settings = read_settings()
use_threads(settings)

import random
import tempfile

from datasets import Dataset
from transformers import AutoTokenizer, TrainerCallback
from trl.experimental.sdft import SDFTConfig, SDFTTrainer


def text_of(words, length, seed):
    """A text of an exact number of tokens."""
    chosen = random.Random(seed)
    return "".join(chosen.choice(words) for _ in range(length))


def plain_words(tokenizer):
    """Words of one token each, with their space: a text of n of them has n tokens."""
    words = [tokenizer.decode([token]) for token in range(tokenizer.vocab_size // 100, tokenizer.vocab_size)]
    return [word for word in words if word.startswith(" ") and word[1:].isascii() and word[1:].isalpha()]


def rows(tokenizer):
    """One batch of questions for each step."""
    words = plain_words(tokenizer)
    count = settings.batch_size * (settings.repeats + 1)
    prompts = [text_of(words, settings.prompt_tokens, 2 * i) for i in range(count)]
    context = settings.teacher_tokens - settings.prompt_tokens
    contexts = [text_of(words, context, 2 * i + 1) for i in range(count)]
    length = len(tokenizer(prompts[0] + contexts[0], add_special_tokens=False)["input_ids"])
    assert length == settings.teacher_tokens, f"the teacher's prompt has {length} tokens"
    return Dataset.from_dict({"prompt": prompts, "privileged_context": contexts})


class Clock(TrainerCallback):
    """Times the optimiser steps."""

    def on_train_begin(self, args, state, control, **_):
        self.meter = Meter(settings)

    def on_step_begin(self, args, state, control, **_):
        self.meter.begin()

    def on_step_end(self, args, state, control, **_):
        self.meter.end()


def main():
    if settings.stage != "step":
        raise SystemExit(f"There is no stage {settings.stage} here, only step.")
    tokenizer = AutoTokenizer.from_pretrained(model_folder(settings), padding_side="left")
    clock = Clock()
    with tempfile.TemporaryDirectory() as output:
        arguments = SDFTConfig(
            output_dir=output,
            max_steps=settings.repeats + 1,
            per_device_train_batch_size=settings.microbatch_size,
            gradient_accumulation_steps=settings.batch_size // settings.microbatch_size,
            num_generations=1,
            max_prompt_length=None,
            max_completion_length=settings.completion_tokens,
            # Lengths are exact: the trainer names the tokenizer's end token, so it is kept from being drawn.
            generation_kwargs={"min_new_tokens": settings.completion_tokens},
            teacher_model_kind="base",
            teacher_prompt_template="{prompt}{privileged_context}",
            distillation_mode="full_logits",
            distillation_alpha=0.0,
            distillation_topk=None,
            distillation_is_clip=None,
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
            **SAMPLING,
        )
        trainer = SDFTTrainer(
            model=load_model(settings),
            args=arguments,
            train_dataset=rows(tokenizer),
            processing_class=tokenizer,
            peft_config=lora_config(settings) if settings.rank else None,
            callbacks=[clock],
        )
        trainer.train()
    return clock.meter.result()


report(settings, main(), settings.batch_size * settings.completion_tokens, ["torch", "transformers", "peft", "trl"])
