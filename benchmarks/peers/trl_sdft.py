"""A whole step by TRL's own trainer for on-policy self-distillation, SDFTTrainer: the student samples, the base model scores the
completions behind a longer prompt, the loss is the forward KL over the whole vocabulary. One optimiser step is one call.
"""

from common import SAMPLING, read_settings, report, use_threads

settings = read_settings()
use_threads(settings)

from datasets import Dataset
from trl.experimental.sdft import SDFTConfig, SDFTTrainer
from trl_common import PACKAGES, measure_steps, plain_words, text_of


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


measured = measure_steps(
    settings,
    "step",
    SDFTTrainer,
    SDFTConfig,
    rows=rows,
    completion_tokens=settings.completion_tokens,
    arguments=dict(
        per_device_train_batch_size=settings.microbatch_size,
        gradient_accumulation_steps=settings.batch_size // settings.microbatch_size,
        num_generations=1,
        max_prompt_length=None,
        teacher_model_kind="base",
        teacher_prompt_template="{prompt}{privileged_context}",
        distillation_mode="full_logits",
        distillation_alpha=0.0,
        distillation_topk=None,
        distillation_is_clip=None,
        **SAMPLING,
    ),
)
report(settings, measured, settings.batch_size * settings.completion_tokens, PACKAGES)
