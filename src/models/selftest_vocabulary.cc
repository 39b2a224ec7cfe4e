// Byte-level BPE: every byte is a token, spelled as GPT-2 spells it, and a few merges give common
// English pieces tokens of their own.
#include "models/selftest_model.h"

namespace understudy {
namespace {

constexpr int32_t kNormal = 1, kControl = 3, kUserDefined = 4;

// In the order in which they apply; each half is a byte or an earlier result.
constexpr std::string_view kMerges[] = {
    "Ġ t",  "Ġ a",  "h e",  "i n",    "r e",   "o n",  "Ġt he", "e r", "Ġ s",   "a t",
    "Ġ w",  "Ġ o",  "e n",  "Ġ c",    "i t",   "i s",  "a n",   "o r", "e s",   "Ġ b",
    "e d",  "Ġ f",  "in g", "Ġ p",    "o u",   "Ġa n", "a l",   "a r", "Ġt o",  "Ġ m",
    "Ġo f", "Ġ in", "Ġ d",  "Ġ h",    "Ġan d", "i c",  "a s",   "l e", "Ġt h",  "i on",
    "o m",  "l l",  "en t", "Ġ n",    "Ġ l",   "s t",  "Ġb e",  "Ġ e", "v e",   "r o",
    "l y",  "Ġ g",  "Ġ re", "Ġth at", "Ġf or", "Ġ is", "i d",   "Ġ y", "Ġy ou", "us er",
};

void AppendUtf8(std::string& out, uint32_t code) {
  if (code < 0x80) {
    out += static_cast<char>(code);
    return;
  }
  out += static_cast<char>(0xC0 | (code >> 6));  // all of ours are below U+0800
  out += static_cast<char>(0x80 | (code & 0x3F));
}

bool SpellsItself(uint32_t byte) {
  return (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
}

// GPT-2's spelling: printable bytes as themselves, the others as U+0100 onwards in order.
std::vector<std::string> ByteTokens() {
  std::vector<std::string> tokens;
  uint32_t next = 256;
  for (uint32_t byte = 0; byte < 256; ++byte) {
    AppendUtf8(tokens.emplace_back(), SpellsItself(byte) ? byte : next++);
  }
  return tokens;
}

constexpr std::string_view kTemplate =
    R"({%- if tools %}
    {{- '<|im_start|>system\n' }}
    {%- if messages[0]['role'] == 'system' %}{{- messages[0]['content'] + '\n\n' }}{%- endif %}
    {{- '# Tools\n\nYou may call functions. They are described within <tools></tools>:\n<tools>' }}
    {%- for tool in tools %}{{- '\n' }}{{- tool | tojson }}{%- endfor %}
    {{- '\n</tools>\n\nFor each call answer with a JSON object within tags:\n<tool_call>\n{\"name\": <function-name>, \"arguments\": <args-json-object>}\n</tool_call><|im_end|>\n' }}
{%- elif messages[0]['role'] == 'system' %}
    {{- '<|im_start|>system\n' + messages[0]['content'] + '<|im_end|>\n' }}
{%- endif %}
{%- for message in messages %}
    {%- if message.role == 'tool' %}
        {{- '<|im_start|>user\n<tool_response>\n' + message.content + '\n</tool_response><|im_end|>\n' }}
    {%- elif message.tool_calls %}
        {{- '<|im_start|>assistant' }}
        {%- if message.content %}{{- '\n' + message.content }}{%- endif %}
        {%- for tool_call in message.tool_calls %}
            {%- if tool_call.function %}{%- set tool_call = tool_call.function %}{%- endif %}
            {{- '\n<tool_call>\n{\"name\": \"' + tool_call.name + '\", \"arguments\": ' }}
            {{- tool_call.arguments | tojson }}
            {{- '}\n</tool_call>' }}
        {%- endfor %}
        {{- '<|im_end|>\n' }}
    {%- elif not (message.role == 'system' and loop.first) %}
        {{- '<|im_start|>' + message.role + '\n' + message.content + '<|im_end|>\n' }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}{{- '<|im_start|>assistant\n' }}{%- endif %}
)";

}  // namespace

SelftestVocabulary MakeSelftestVocabulary() {
  SelftestVocabulary vocabulary;
  vocabulary.tokens = ByteTokens();
  for (const std::string_view merge : kMerges) {
    vocabulary.merges.emplace_back(merge);
    const size_t space = merge.find(' ');
    vocabulary.tokens.push_back(std::string(merge.substr(0, space)) +
                                std::string(merge.substr(space + 1)));
  }
  vocabulary.types.assign(vocabulary.tokens.size(), kNormal);
  const auto add = [&vocabulary](const char* token, int32_t type) {
    vocabulary.tokens.emplace_back(token);
    vocabulary.types.push_back(type);
    return static_cast<uint32_t>(vocabulary.tokens.size() - 1);
  };
  vocabulary.pad = add("<|endoftext|>", kControl);
  add("<|im_start|>", kControl);
  vocabulary.end = add("<|im_end|>", kControl);
  vocabulary.tool_call = add("<tool_call>", kUserDefined);
  add("</tool_call>", kUserDefined);
  return vocabulary;
}

std::string_view SelftestChatTemplate() {
  return kTemplate;
}

}  // namespace understudy
