"""Tiny GGUF files of the architectures that GLM models come in, always with the same weights.

They speak with pico's vocabulary and know nothing: each of their words has one word that mostly follows
it, and layers of noise that now and then decide otherwise, by what came before.
"""

from tests.tiny_models.architectures import WIDTH, write_deepseek2, write_glm4moe, write_llama

__all__ = ["WIDTH", "write_deepseek2", "write_glm4moe", "write_llama"]
