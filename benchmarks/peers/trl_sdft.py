"""A whole step by TRL's own trainer for on-policy self-distillation, SDFTTrainer: the student samples, the base model scores the
completions behind a longer prompt, the loss is the forward KL over the whole vocabulary. One optimiser step is one call.
"""

from common import SAMPLING, Meter, load_model, lora_config, model_folder, read_settings, report, use_threads

settings = read_settings()
use_threads(settings)

import tempfile

from datasets import Dataset
from transformers import AutoTokenizer
from trl.experimental.sdft import SDFTConfig, SDFTTrainer
from trl_common import Clock, plain_words, text_of


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


def main():
    if settings.stage != "step":
        raise SystemExit(f"There is no stage {settings.stage} here, only step.")
    tokenizer = AutoTokenizer.from_pretrained(model_folder(settings), padding_side="left")
    clock = Clock(settings)
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
