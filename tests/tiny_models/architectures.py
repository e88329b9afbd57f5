"""The tensors and hyper-parameters of each architecture, named as llama.cpp wants them."""

from pathlib import Path

import numpy as np

from tests.tiny_models import templates
from tests.tiny_models.file import Floats, TinyFile, draw

WIDTH, HEADS, HEADS_KV, HEAD = 64, 4, 2, 16
FEED, EXPERT_FEED, EXPERTS, EXPERTS_USED = 128, 32, 8, 2
LAYERS, DENSE = 3, 1
Q_RANK, KV_RANK, ROPE, V_HEAD = 32, 24, 8, 16
RESTLESS = 1.5
"""How loud the layers are against the embedding: at 0 a word is always followed by the same one."""


def write_glm4moe(
    folder: Path,
    *,
    nextn: bool = False,
    claims_nextn: bool = False,
    qk_norm: bool = False,
    shard_tensors: int = 0,
) -> Path:
    """GLM-4.5-Air's form; gives the file or its first shard.

    `nextn` adds the block that guesses ahead; `claims_nextn` only says that it is there, as files do
    from which it was taken away. `qk_norm` is GLM-4.5's and 4.6's.
    """
    file = TinyFile("glm4moe", templates.GLM_45, shard_tensors=shard_tensors)
    head = file.vocabulary(WIDTH)
    _common(file, LAYERS + (nextn or claims_nextn))
    file.number(attention__head_count_kv=HEADS_KV, attention__key_length=HEAD)
    file.number(attention__value_length=HEAD, rope__dimension_count=HEAD // 2)
    _experts(file, scale=1.0)
    for layer in range(LAYERS + nextn):
        loud = RESTLESS if layer < LAYERS else 0.5
        _attention(file, f"blk.{layer}", bias=True, qk_norm=qk_norm, loud=loud)
        file.norm(f"blk.{layer}.post_attention_norm.weight", WIDTH)
        _feed(file, f"blk.{layer}", dense=layer < DENSE, loud=loud)
    if nextn:
        _nextn(file, f"blk.{LAYERS}", head)
    if nextn or claims_nextn:
        file.number(nextn_predict_layers=1)
    return file.write(folder, "tiny-glm4moe")


def write_deepseek2(folder: Path, *, nextn: bool = False) -> Path:
    """GLM-4.7-Flash's form: latent attention with split heads, experts chosen by sigmoid."""
    file = TinyFile("deepseek2", templates.GLM_47)
    head = file.vocabulary(WIDTH)
    _common(file, LAYERS + nextn)
    file.number(attention__head_count_kv=1, attention__q_lora_rank=Q_RANK)
    file.number(attention__kv_lora_rank=KV_RANK, attention__key_length=KV_RANK + ROPE)
    file.number(attention__value_length=KV_RANK, attention__key_length_mla=HEAD + ROPE)
    file.number(attention__value_length_mla=V_HEAD, rope__dimension_count=ROPE)
    _experts(file, scale=1.8)
    for layer in range(LAYERS + nextn):
        loud = RESTLESS if layer < LAYERS else 0.5
        _latent_attention(file, f"blk.{layer}", loud=loud)
        file.norm(f"blk.{layer}.ffn_norm.weight", WIDTH)
        _feed(file, f"blk.{layer}", dense=layer < DENSE, loud=loud)
    if nextn:
        _nextn(file, f"blk.{LAYERS}", head)
        file.number(nextn_predict_layers=1)
    return file.write(folder, "tiny-deepseek2")


def write_llama(folder: Path) -> Path:
    """A dense model of another maker, with a template that knows no thinking."""
    file = TinyFile("llama", templates.CHATML, more_tokens=("<|im_start|>", "<|im_end|>"))
    file.vocabulary(WIDTH)
    _common(file, LAYERS)
    file.number(attention__head_count_kv=HEADS_KV, rope__dimension_count=HEAD)
    for layer in range(LAYERS):
        _attention(file, f"blk.{layer}", bias=False, qk_norm=False, loud=RESTLESS)
        file.norm(f"blk.{layer}.ffn_norm.weight", WIDTH)
        _feed(file, f"blk.{layer}", dense=True, loud=RESTLESS)
    return file.write(folder, "tiny-llama")


def _common(file: TinyFile, blocks: int) -> None:
    file.number(block_count=blocks, context_length=4096, vocab_size=len(file.tokens))
    file.number(embedding_length=WIDTH, feed_forward_length=FEED, attention__head_count=HEADS)
    file.number(attention__layer_norm_rms_epsilon=1e-5, rope__freq_base=10000.0)


def _experts(file: TinyFile, scale: float) -> None:
    file.number(expert_count=EXPERTS, expert_used_count=EXPERTS_USED, expert_shared_count=1)
    file.number(expert_feed_forward_length=EXPERT_FEED, leading_dense_block_count=DENSE)
    file.number(expert_weights_scale=scale, expert_weights_norm=True, expert_gating_func=2)


def _attention(file: TinyFile, block: str, *, bias: bool, qk_norm: bool, loud: float) -> None:
    file.norm(f"{block}.attn_norm.weight", WIDTH)
    for part, heads in (("q", HEADS), ("k", HEADS_KV), ("v", HEADS_KV)):
        file.noise(f"{block}.attn_{part}.weight", heads * HEAD, WIDTH)
        if bias:
            name = f"{block}.attn_{part}.bias"
            file.tensor(name, draw(name, heads * HEAD, scale=0.1))
        if qk_norm and part != "v":
            file.norm(f"{block}.attn_{part}_norm.weight", HEAD)
    file.noise(f"{block}.attn_output.weight", WIDTH, HEADS * HEAD, scale=loud)


def _latent_attention(file: TinyFile, block: str, *, loud: float) -> None:
    file.norm(f"{block}.attn_norm.weight", WIDTH)
    file.noise(f"{block}.attn_q_a.weight", Q_RANK, WIDTH)
    file.norm(f"{block}.attn_q_a_norm.weight", Q_RANK)
    file.noise(f"{block}.attn_q_b.weight", HEADS * (HEAD + ROPE), Q_RANK)
    file.noise(f"{block}.attn_kv_a_mqa.weight", KV_RANK + ROPE, WIDTH)
    file.norm(f"{block}.attn_kv_a_norm.weight", KV_RANK)
    file.noise(f"{block}.attn_k_b.weight", HEADS, KV_RANK, HEAD)
    file.noise(f"{block}.attn_v_b.weight", HEADS, V_HEAD, KV_RANK)
    file.noise(f"{block}.attn_output.weight", WIDTH, HEADS * V_HEAD, scale=loud)


def _feed(file: TinyFile, block: str, *, dense: bool, loud: float) -> None:
    if dense:
        _gated(file, f"{block}.ffn", "", (), FEED, loud)
        return
    file.noise(f"{block}.ffn_gate_inp.weight", EXPERTS, WIDTH)
    file.tensor(f"{block}.exp_probs_b.bias", draw(f"{block}.exp_probs_b", EXPERTS, scale=0.2))
    _gated(file, f"{block}.ffn", "_exps", (EXPERTS,), EXPERT_FEED, loud)
    _gated(file, f"{block}.ffn", "_shexp", (), EXPERT_FEED, loud)


def _gated(
    file: TinyFile, name: str, kind: str, experts: tuple[int, ...], inner: int, loud: float
) -> None:
    for part in ("gate", "up"):
        file.noise(f"{name}_{part}{kind}.weight", *experts, inner, WIDTH)
    file.noise(f"{name}_down{kind}.weight", *experts, WIDTH, inner, scale=loud)


def _nextn(file: TinyFile, block: str, head: Floats) -> None:
    """The block hears the last word and the state alike, and has its own copies of both vocabularies."""
    for part in ("enorm", "hnorm", "shared_head_norm"):
        file.norm(f"{block}.nextn.{part}.weight", WIDTH)
    name = f"{block}.nextn.eh_proj.weight"
    word = np.eye(WIDTH, 2 * WIDTH, dtype=np.float32)
    file.tensor(name, word + draw(name, WIDTH, 2 * WIDTH, scale=1 / WIDTH**0.5))
    file.tensor(f"{block}.nextn.shared_head_head.weight", head)
    file.tensor(
        f"{block}.nextn.embed_tokens.weight", draw("token_embd.weight", len(file.tokens), WIDTH)
    )
