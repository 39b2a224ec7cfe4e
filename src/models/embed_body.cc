#include "models/embed_body.h"

#include <simdjson.h>

#include "base/json.h"
#include "chat/request.h"

namespace understudy {

Result<std::string> WithModelName(std::string_view body, std::string_view model,
                                  std::string_view ours) {
  namespace ondemand = simdjson::ondemand;
  const simdjson::padded_string padded(body);
  ondemand::parser parser;
  ondemand::document document;
  ondemand::object object;
  if (parser.iterate(padded).get(document) || document.get_object().get(object)) {
    return Fail(InvalidInput("the request's body must be a JSON object"));
  }
  Splice edit{.text = JsonString(model)};
  std::string_view token;
  ondemand::value value;
  const auto found = object.find_field("model").get(value);
  if (found == simdjson::SUCCESS) {
    ondemand::json_type type{};
    if (value.type().get(type) || type != ondemand::json_type::string) {
      return Fail(InvalidInput("\"model\" must be a string").Param("model"));
    }
    std::string_view name;
    if (!ours.empty() && !value.get_string().get(name) && name != ours &&
        !name.starts_with("understudy/")) {
      return std::string(body);
    }
    token = value.raw_json_token();
    while (token.ends_with(' ') || token.ends_with('\n') || token.ends_with('\r') ||
           token.ends_with('\t')) {
      token.remove_suffix(1);
    }
    edit.span.begin = static_cast<uint32_t>(token.data() - padded.data());
    edit.span.end = edit.span.begin + static_cast<uint32_t>(token.size());
  } else if (found == simdjson::NO_SUCH_FIELD) {
    bool empty = false;
    if (object.is_empty().get(empty)) return Fail(InvalidInput("the request's body is not JSON"));
    edit.span.begin = edit.span.end = static_cast<uint32_t>(body.find('{') + 1);
    edit.text = "\"model\":" + edit.text + (empty ? "" : ",");
  } else {
    return Fail(InvalidInput("the request's body is not JSON"));
  }
  return SpliceBody(body, {std::move(edit)});
}

}  // namespace understudy
