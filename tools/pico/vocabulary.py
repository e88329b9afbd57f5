"""The tokens that are not learned from text: GLM's roles, picture marks and tags."""

SPECIAL = (
    "<|endoftext|>", "[MASK]", "[gMASK]", "[sMASK]", "<sop>", "<eop>",
    "<|system|>", "<|user|>", "<|assistant|>", "<|observation|>",
    "<|begin_of_image|>", "<|end_of_image|>", "<|begin_of_video|>", "<|end_of_video|>",
    "<|image|>", "<|video|>", "<|begin_of_box|>", "<|end_of_box|>",
)  # fmt: skip
TAGS = (
    "/nothink", "<think>", "</think>", "<tool_call>", "</tool_call>",
    "<tool_response>", "</tool_response>", "<arg_key>", "</arg_key>", "<arg_value>", "</arg_value>",
)  # fmt: skip
"""Added tokens too, but in the finished model not special, so that their text is kept: as in GLM."""
ADDED = SPECIAL + TAGS
END_OF_TEXT = "<|endoftext|>"
ENDS_OF_TURN = (END_OF_TEXT, "<|user|>", "<|observation|>")
