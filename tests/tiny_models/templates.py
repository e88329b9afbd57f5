"""Chat templates in the styles of GLM-4.5, GLM-4.7 and ChatML, as short as they can be."""

GLM_45 = """\
[gMASK]<sop>
{%- for message in messages -%}
{%- if message.role == 'assistant' -%}
<|assistant|>{{ '\\n<think></think>\\n' + message.content.strip() }}
{%- elif message.role == 'tool' -%}
<|observation|>{{ '\\n<tool_response>\\n' + message.content + '\\n</tool_response>' }}
{%- else -%}
<|{{ message.role }}|>{{ '\\n' + message.content }}
{%- if message.role == 'user' and enable_thinking is defined and not enable_thinking -%}
/nothink
{%- endif -%}
{%- endif -%}
{%- endfor -%}
{%- if add_generation_prompt -%}
<|assistant|>
{%- if enable_thinking is defined and not enable_thinking -%}
{{ '\\n<think></think>' }}
{%- endif -%}
{%- endif -%}
"""
"""Line breaks everywhere; the model opens its thinking itself."""

GLM_47 = """\
[gMASK]<sop>
{%- for message in messages -%}
{%- if message.role == 'assistant' -%}
<|assistant|></think>{{ message.content.strip() }}
{%- elif message.role == 'tool' -%}
<|observation|><tool_response>{{ message.content }}</tool_response>
{%- else -%}
<|{{ message.role }}|>{{ message.content }}
{%- endif -%}
{%- endfor -%}
{%- if add_generation_prompt -%}
<|assistant|>{{ '</think>' if enable_thinking is defined and not enable_thinking else '<think>' }}
{%- endif -%}
"""
"""No line breaks; the thinking is opened for the model."""

CHATML = """\
{%- for message in messages -%}
<|im_start|>{{ message.role + '\\n' + message.content }}<|im_end|>{{ '\\n' }}
{%- endfor -%}
{%- if add_generation_prompt -%}
<|im_start|>assistant{{ '\\n' }}
{%- endif -%}
"""
"""No thinking at all."""
