"""The peer: llama-cpp-python's own chat streaming, run as a process that answers one line with another."""

import json
import sys
import time

from llama_cpp import Llama


def main() -> None:
    """Arguments: the model, its context, its threads."""
    model, context, threads = sys.argv[1:]
    llama = Llama(
        model,
        n_ctx=int(context),
        n_threads=int(threads),
        n_threads_batch=int(threads),
        verbose=False,
    )
    for line in sys.stdin:
        wanted = json.loads(line)
        rate = _tokens_per_s(llama, wanted["prompt"], wanted["max_tokens"])
        print(json.dumps({"tokens_per_s": rate}), flush=True)


def _tokens_per_s(llama: Llama, prompt: str, max_tokens: int) -> float:
    """From the first piece of text to the last."""
    arrivals = []
    stream = llama.create_chat_completion(
        [{"role": "user", "content": prompt}],
        stream=True,
        temperature=0.0,
        repeat_penalty=1.0,
        max_tokens=max_tokens,
    )
    for chunk in stream:
        if chunk["choices"][0]["delta"].get("content"):
            arrivals.append(time.perf_counter())
    return (len(arrivals) - 1) / (arrivals[-1] - arrivals[0])


if __name__ == "__main__":
    main()
