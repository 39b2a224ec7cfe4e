#include "tokens/chat_template.h"

namespace understudy {

const std::string_view kChatTemplate =
    R"({%- if tools or messages[0].role == 'system' %}
    {{- '<|im_start|>system\n' }}
    {%- if messages[0].role == 'system' %}
        {{- messages[0].content }}
        {%- if tools %}{{- '\n' }}{%- endif %}
    {%- endif %}
    {%- if tools %}
        {{- '<tools>\n' }}
        {%- for tool in tools %}{{- (tool.function | tojson) + '\n' }}{%- endfor %}
        {{- '</tools>' }}
    {%- endif %}
    {{- '<|im_end|>\n' }}
{%- endif %}
{%- for message in messages %}
    {%- if message.role == 'tool' %}
        {%- if loop.first or messages[loop.index0 - 1].role != 'tool' %}{{- '<|im_start|>user' }}{%- endif %}
        {{- '\n<tool_response>\n' + message.content + '\n</tool_response>' }}
        {%- if loop.last or messages[loop.index0 + 1].role != 'tool' %}{{- '<|im_end|>\n' }}{%- endif %}
    {%- elif message.role == 'assistant' %}
        {{- '<|im_start|>assistant' }}
        {%- if message.content or not message.tool_calls %}{{- '\n' + (message.content or '') }}{%- endif %}
        {%- for call in message.tool_calls or [] %}
            {{- '\n<tool_call>\n{"name": ' + (call.function.name | tojson) }}
            {{- ', "arguments": ' + (call.function.arguments | tojson) + '}\n</tool_call>' }}
        {%- endfor %}
        {{- '<|im_end|>\n' }}
    {%- elif not (message.role == 'system' and loop.first) %}
        {{- '<|im_start|>' + message.role + '\n' + message.content + '<|im_end|>\n' }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}{{- '<|im_start|>assistant\n' }}{%- endif %}
)";

bool IsAnswer(SegmentKind kind) {
  return kind == SegmentKind::kAnswer || kind == SegmentKind::kAnswerMark;
}

std::string RenderedChat::Text() const {
  std::string text;
  for (const Segment& segment : segments) text += segment.text;
  return text;
}

}  // namespace understudy
