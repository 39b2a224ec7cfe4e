// An example under construction: the messages of a chat in OpenAI's shape.
#pragma once

#include <string>
#include <string_view>

#include "synth/generator.h"
#include "synth/rng.h"

namespace understudy {

class Draft {
 public:
  explicit Draft(SyntheticExample& example) : example_(example) {}

  void System(std::string_view text);  // none for an empty text
  void User(std::string_view text) { Say("user", text); }
  void Assistant(std::string_view text) { Say("assistant", text); }
  void Say(std::string_view role, std::string_view text);
  // An assistant's calls; several in a row without another message between join one message.
  void Call(std::string_view id, std::string_view name, const json::object& arguments);
  void Result(std::string_view id, std::string_view text);
  void Tool(json::object function);  // offers {"name", "description", "parameters"}

 private:
  SyntheticExample& example_;
};

}  // namespace understudy
