"""A whole step by TRL's own GRPOTrainer: four completions of each prompt, rewards, advantages by group, the loss it has by default
(dapo, no reference) and the update. All completions are one batch, as its users would set it. One optimiser step is one call.
"""

from common import load_model, lora_config, model_folder, read_settings, report, use_threads

settings = read_settings()
use_threads(settings)

import tempfile
import zlib

from datasets import Dataset
from transformers import AutoTokenizer
from trl import GRPOConfig, GRPOTrainer
from trl_common import Clock, plain_words, text_of

GENERATIONS = 4


def rows(tokenizer):
    """The prompts of each step."""
    words = plain_words(tokenizer)
    prompts = [text_of(words, settings.prompt_tokens, i) for i in range(settings.groups * (settings.repeats + 1))]
    length = len(tokenizer(prompts[0])["input_ids"])
    assert length == settings.prompt_tokens, f"the prompt has {length} tokens"
    return Dataset.from_dict({"prompt": prompts})


def made_up(completion_ids, **_):
    """A number from 0 to 1 that any other completion would change, so that those of a group differ."""
    assert all(len(ids) == settings.grpo_tokens for ids in completion_ids), "a completion ended early"
    return [zlib.crc32(repr(ids).encode()) / 2**32 for ids in completion_ids]


def main():
    if settings.stage != "grpo":
        raise SystemExit(f"There is no stage {settings.stage} here, only grpo.")
    tokenizer = AutoTokenizer.from_pretrained(model_folder(settings), padding_side="left")
    clock = Clock(settings)
    with tempfile.TemporaryDirectory() as output:
        arguments = GRPOConfig(
            output_dir=output,
            max_steps=settings.repeats + 1,
            per_device_train_batch_size=settings.groups * GENERATIONS,
            num_generations=GENERATIONS,
            max_completion_length=settings.grpo_tokens,
            # Lengths are exact: the trainer names the tokenizer's end token, so it is kept from being drawn.
            generation_kwargs={"min_new_tokens": settings.grpo_tokens},
            temperature=1.0,
            top_p=1.0,
            top_k=0,
            beta=0.0,
            loss_type="dapo",
            scale_rewards="group",
            num_iterations=1,
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
        )
        trainer = GRPOTrainer(
            model=load_model(settings),
            reward_funcs=made_up,
            args=arguments,
            train_dataset=rows(tokenizer),
            processing_class=tokenizer,
            peft_config=lora_config(settings) if settings.rank else None,
            callbacks=[clock],
        )
        trainer.train()
    return clock.meter.result()


tokens = settings.groups * GENERATIONS * settings.grpo_tokens
report(settings, main(), tokens, ["torch", "transformers", "peft", "trl"])
