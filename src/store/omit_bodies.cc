#include "store/omit_bodies.h"

#include <algorithm>
#include <string>

#include <fmt/format.h>

namespace understudy {
namespace {

// The size that was left out; 0 if it stays.
size_t Omit(std::string& body, size_t max_bytes) {
  if (body.size() <= max_bytes) return 0;
  const size_t size = body.size();
  std::string().swap(body);  // gives the memory back
  return size;
}

// Adds a member in front of the first of a JSON object; an empty text is an empty object.
void AddMember(std::string& object, const std::string& member) {
  const size_t brace = object.find('{');
  if (brace == std::string::npos) {
    object = "{" + member + "}";
    return;
  }
  const size_t first = object.find_first_not_of(" \t\r\n", brace + 1);
  const bool alone = first == std::string::npos || object[first] == '}';
  object.insert(brace + 1, alone ? member : member + ",");
}

}  // namespace

void OmitLargeBodies(Exchange& exchange, size_t max_bytes) {
  const size_t request = Omit(exchange.request, max_bytes);
  size_t response = Omit(exchange.response, max_bytes);
  for (auto& answer : exchange.answers) response = std::max(response, Omit(answer.body, max_bytes));
  if (request == 0 && response == 0) return;
  std::string sizes;
  if (request > 0) sizes = fmt::format("\"request_bytes\":{}", request);
  if (response > 0) {
    sizes += fmt::format("{}\"response_bytes\":{}", sizes.empty() ? "" : ",", response);
  }
  AddMember(exchange.extra, "\"omitted\":{" + sizes + "}");
}

size_t BodyBytes(const Exchange& exchange) {
  size_t bytes = exchange.request.size() + exchange.response.size() + exchange.extra.size();
  for (const auto& answer : exchange.answers) bytes += answer.body.size();
  return bytes;
}

}  // namespace understudy
