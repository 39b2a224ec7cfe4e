#include "dataset/first_message.h"

namespace understudy {

json::value FirstMessage(std::string_view body) {
  const auto parsed = ParseJson(body);
  const json::value* choices = parsed ? Find(*parsed, "choices") : nullptr;
  const auto* list = choices ? choices->if_array() : nullptr;
  const json::value* message = list && !list->empty() ? Find(list->front(), "message") : nullptr;
  return message ? *message : json::value(nullptr);
}

}  // namespace understudy
