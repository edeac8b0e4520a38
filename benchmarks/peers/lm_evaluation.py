"""Log-likelihoods of four-choice questions by lm-evaluation-harness, through its own batching of requests (HFLM)."""

from common import load_model, measure, model_folder, read_settings, report, use_threads

settings = read_settings()
use_threads(settings)

import torch
from lm_eval.models.huggingface import HFLM
from transformers import AutoTokenizer


def requests(size):
    """Requests as the harness makes them of a question: context and choice, as texts (which name them) and as ids."""
    draw = torch.Generator().manual_seed(settings.seed)

    def ids(length):
        return torch.randint(size // 100, size, (length,), generator=draw).tolist()

    questions = [ids(settings.prompt_tokens) for _ in range(settings.questions)]
    return [
        ((f"question {i}", f"choice {k}"), question, ids(settings.choice_tokens))
        for i, question in enumerate(questions)
        for k in range(4)
    ]


def main():
    if settings.stage != "loglikelihood":
        raise SystemExit(f"There is no stage {settings.stage} here, only loglikelihood.")
    tokenizer = AutoTokenizer.from_pretrained(model_folder(settings))
    model = load_model(settings)
    harness = HFLM(pretrained=model, tokenizer=tokenizer, backend="causal", device="cpu", batch_size=16)
    asked = requests(model.config.vocab_size)
    return measure(settings, lambda: harness._loglikelihood_tokens(asked, disable_tqdm=True))


tokens = settings.questions * 4 * (settings.prompt_tokens + settings.choice_tokens)
report(settings, main(), tokens, ["torch", "transformers", "lm_eval"])
