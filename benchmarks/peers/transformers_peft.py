"""The stages of `rcsd benchmark` with transformers and PEFT, written as a careful user of both would write them.

Logits are asked for at completion positions only (`logits_to_keep`), gradients are kept only where they are needed, AdamW is the
fused one. `merge=1` folds the adapter into the weights for sampling and takes it out again behind, inside the timed call.
"""

from common import SAMPLING, load_model, lora_config, measure, read_settings, report, use_threads

settings = read_settings()
use_threads(settings)

import torch
import torch.nn.functional as F
from peft import get_peft_model

ROWS, PROMPT, TEACHER, COMPLETION = (
    settings[name] for name in ("batch_size", "prompt_tokens", "teacher_tokens", "completion_tokens")
)
LEARNING_RATE, BETAS, MAX_NORM, LOSS_TEMPERATURE = 5e-6, (0.9, 0.999), 1.0, 1.2
FULL_ROWS, FULL_LENGTH = 4, 256


def random_ids(model, rows, length):
    size = model.config.vocab_size
    return torch.randint(size // 100, size, (rows, length))


def with_adapter(model):
    """The student: an adapter on all projections, or with rank=0 the model itself."""
    return get_peft_model(model, lora_config(settings)) if settings.rank else model


def optimizer(model):
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    return trained, torch.optim.AdamW(trained, lr=LEARNING_RATE, betas=BETAS, weight_decay=0.0, fused=True)


def sample(model, prompts):
    """Samples completions of exact length; [rows, prompt + completion]."""
    merged = settings.merge and settings.rank and hasattr(model, "merge_adapter")
    if merged:
        model.merge_adapter()
    out = model.generate(
        input_ids=prompts, attention_mask=torch.ones_like(prompts), do_sample=True, max_new_tokens=COMPLETION, **SAMPLING
    )
    if merged:
        model.unmerge_adapter()
    assert out.shape[1] == prompts.shape[1] + COMPLETION, "a completion ended early"
    return out


def completion_logits(model, ids, length):
    """Logits that predict the last `length` tokens."""
    return model(input_ids=ids[:, :-1], use_cache=False, logits_to_keep=length).logits


def log_probabilities(model, ids, length):
    """Log-probability of each of the last `length` tokens, by micro-batches of padded rows."""
    with torch.no_grad():
        parts = []
        for rows in ids.split(settings.microbatch_size):
            logits = completion_logits(model, rows, length).float()
            targets = rows[:, -length:].unsqueeze(-1)
            parts.append(logits.gather(-1, targets).squeeze(-1) - logits.logsumexp(-1))
        return torch.cat(parts)


def learn(model, ids, length):
    """Mean cross-entropy of the last `length` tokens, with gradients, by micro-batches."""
    for rows in ids.split(settings.microbatch_size):
        logits = completion_logits(model, rows, length).float()
        loss = F.cross_entropy(logits.flatten(0, 1), rows[:, -length:].flatten(), reduction="sum")
        (loss / (ids.shape[0] * length)).backward()


def distil(model, student_ids, teacher_ids):
    """Forward KL from the teacher (the model without its adapter), over the whole vocabulary, by micro-batches."""
    count = student_ids.shape[0] * COMPLETION
    for student, teacher in zip(student_ids.split(settings.microbatch_size), teacher_ids.split(settings.microbatch_size)):
        with torch.no_grad(), model.disable_adapter():
            target = F.log_softmax(completion_logits(model, teacher, COMPLETION).float() / LOSS_TEMPERATURE, -1)
        own = F.log_softmax(completion_logits(model, student, COMPLETION).float() / LOSS_TEMPERATURE, -1)
        (F.kl_div(own, target, log_target=True, reduction="sum") / count).backward()


def apply(trained, adamw):
    torch.nn.utils.clip_grad_norm_(trained, MAX_NORM)
    adamw.step()
    adamw.zero_grad(set_to_none=True)


def sampling_stage(model, rows):
    prompts = random_ids(model, rows, PROMPT)
    return measure(settings, lambda: sample(model, prompts)), rows * COMPLETION


def scoring_stage(model, prompts, samples, prompt, completion):
    contexts = random_ids(model, prompts, prompt).repeat_interleave(samples, 0)
    ids = torch.cat([contexts, random_ids(model, prompts * samples, completion)], 1)
    return measure(settings, lambda: log_probabilities(model, ids, completion)), ids.numel()


def learning_stage(model, rows, prompt, completion):
    ids = random_ids(model, rows, prompt + completion)

    def clear():
        model.zero_grad(set_to_none=True)

    return measure(settings, lambda: learn(model, ids, completion), clear), ids.numel()


def update_stage(model):
    trained, adamw = optimizer(model)

    def gradients():
        for parameter in trained:
            parameter.grad = torch.ones_like(parameter)

    return measure(settings, lambda: apply(trained, adamw), gradients), 0


def step_stage(model):
    if not settings.rank:
        raise SystemExit("The step's teacher is the model without its adapter: give a rank above 0.")
    student = with_adapter(model)
    trained, adamw = optimizer(student)
    prompts, contexts = random_ids(model, ROWS, PROMPT), random_ids(model, ROWS, TEACHER)

    def step():
        ids = sample(student, prompts)
        distil(student, ids, torch.cat([contexts, ids[:, PROMPT:]], 1))
        apply(trained, adamw)

    return measure(settings, step), ROWS * COMPLETION


def run(model):
    kind, _, number = settings.stage.partition("-")
    count = int(number) if number.isdigit() else 1
    if kind == "rollout":
        return sampling_stage(with_adapter(model), ROWS)
    if kind == "decode":
        return sampling_stage(model, count)
    if kind == "teacher":
        return scoring_stage(model, max(1, round(ROWS / count)), count, TEACHER, COMPLETION)
    if kind == "loglikelihood":
        return scoring_stage(model, settings.questions, 4, PROMPT, settings.choice_tokens)
    if kind == "student":
        return learning_stage(with_adapter(model), ROWS, PROMPT, COMPLETION)
    if kind == "update":
        return update_stage(with_adapter(model))
    if kind == "adamw":
        return update_stage(model)
    if kind == "full":
        return learning_stage(model, FULL_ROWS, 1, min(FULL_LENGTH, model.config.max_position_embeddings - 1))
    if kind == "step":
        return step_stage(model)
    raise SystemExit(f"There is no stage {settings.stage} here.")


measured, tokens = run(load_model(settings))
report(settings, measured, tokens, ["torch", "transformers", "peft"])
