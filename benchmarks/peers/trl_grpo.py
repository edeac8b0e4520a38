"""A whole step by TRL's own GRPOTrainer: four completions of each prompt, rewards, advantages by group, the loss it has by default
(dapo, no reference) and the update. All completions are one batch, as its users would set it. One optimiser step is one call.
"""

from common import read_settings, report, use_threads

settings = read_settings()
use_threads(settings)

import zlib

from datasets import Dataset
from trl import GRPOConfig, GRPOTrainer
from trl_common import PACKAGES, measure_steps, plain_words, text_of

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


measured = measure_steps(
    settings,
    "grpo",
    GRPOTrainer,
    GRPOConfig,
    rows=rows,
    completion_tokens=settings.grpo_tokens,
    arguments=dict(
        per_device_train_batch_size=settings.groups * GENERATIONS,
        num_generations=GENERATIONS,
        temperature=1.0,
        top_p=1.0,
        top_k=0,
        beta=0.0,
        loss_type="dapo",
        scale_rewards="group",
        num_iterations=1,
    ),
    reward_funcs=made_up,
)
report(settings, measured, settings.groups * GENERATIONS * settings.grpo_tokens, PACKAGES)
