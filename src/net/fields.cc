#include "net/fields.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

namespace understudy {
namespace {

constexpr std::array<std::string_view, 9> kHopByHop = {
    "connection",       "keep-alive",         "te",
    "trailer",          "transfer-encoding",  "upgrade",
    "proxy-connection", "proxy-authenticate", "proxy-authorization"};

constexpr std::array<std::string_view, 6> kEndToEnd = {
    "host", "content-type", "content-length", "content-encoding", "authorization", "accept"};

template <size_t N>
bool IsAmong(const std::array<std::string_view, N>& names, std::string_view name) {
  return std::ranges::any_of(names, [&](auto known) { return EqualsIgnoreCase(known, name); });
}

std::string_view Trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// By byte: every field of every message is checked, and a table does not branch.
constexpr std::array<bool, 256> kTokenChar = [] {
  std::array<bool, 256> is{};
  for (int c = '0'; c <= '9'; ++c) is[c] = true;
  for (int c = 'a'; c <= 'z'; ++c) is[c] = is[c - 'a' + 'A'] = true;
  for (const char c : std::string_view("!#$%&'*+-.^_`|~")) is[c] = true;
  return is;
}();

}  // namespace

bool IsHopByHop(std::string_view name) {
  switch (name.size()) {  // the lengths in the table: most names are ruled out at once
    case 2:
    case 7:
    case 10:
    case 16:
    case 17:
    case 18:
    case 19: return IsAmong(kHopByHop, name);
    default: return false;
  }
}

void RemoveListed(Headers& headers, std::string_view list) {
  while (!list.empty()) {
    const size_t comma = std::min(list.find(','), list.size());
    const std::string_view name = Trim(list.substr(0, comma));
    list.remove_prefix(std::min(comma + 1, list.size()));
    if (name.empty() || EqualsIgnoreCase(name, "close") || EqualsIgnoreCase(name, "keep-alive")) {
      continue;
    }
    if (!IsAmong(kEndToEnd, name)) headers.Remove(name);
  }
}

bool IsChunkHeadBroken(std::string_view rest) {
  if (rest.starts_with("\r\n")) rest.remove_prefix(2);
  const size_t end = rest.find("\r\n");
  if (end == std::string_view::npos) return false;
  bool quoted = false;
  for (size_t i = 0; i < end; ++i) {
    if (rest[i] == '"') quoted = !quoted;
    if (quoted && rest[i] == '\\') ++i;
  }
  return quoted;
}

bool IsFieldName(std::string_view name) {
  return !name.empty() &&
         std::ranges::all_of(name, [](char c) { return kTokenChar[static_cast<uint8_t>(c)]; });
}

bool IsFieldValue(std::string_view value) {
  unsigned bad = 0;
  for (const char c : value) {  // no early way out: the compiler takes 32 bytes at a time
    const auto byte = static_cast<uint8_t>(c);
    bad |= static_cast<unsigned>(byte < 0x20) & static_cast<unsigned>(byte != '\t');
    bad |= static_cast<unsigned>(byte == 0x7f);
  }
  return bad == 0;
}

std::string_view OriginForm(std::string_view target) {
  if (target.empty() || target[0] == '/') return target;
  const size_t scheme = target.find("://");
  if (scheme == target.npos || target.find('/') < scheme) return target;
  const size_t path = target.find_first_of("/?", scheme + 3);
  return path == target.npos || target[path] == '?' ? std::string_view("/") : target.substr(path);
}

void AppendField(std::string& out, std::string_view name, std::string_view value) {
  const size_t begin = out.size();
  const size_t size = begin + name.size() + value.size() + 4;
  out.resize_and_overwrite(size, [&](char* text, size_t) {
    char* at = text + begin;
    std::memcpy(at, name.data(), name.size());
    at += name.size();
    std::memcpy(at, ": ", 2);
    std::memcpy(at + 2, value.data(), value.size());
    std::memcpy(at + 2 + value.size(), "\r\n", 2);
    return size;
  });
}

std::string_view ReasonPhrase(int status) {
  switch (status) {
    case 100: return "Continue";
    case 200: return "OK";
    case 201: return "Created";
    case 202: return "Accepted";
    case 204: return "No Content";
    case 301: return "Moved Permanently";
    case 302: return "Found";
    case 304: return "Not Modified";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 411: return "Length Required";
    case 413: return "Content Too Large";
    case 415: return "Unsupported Media Type";
    case 417: return "Expectation Failed";
    case 422: return "Unprocessable Content";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 499: return "Client Closed Request";
    case 500: return "Internal Server Error";
    case 501: return "Not Implemented";
    case 502: return "Bad Gateway";
    case 503: return "Service Unavailable";
    case 504: return "Gateway Timeout";
    case 505: return "HTTP Version Not Supported";
    default: return "Status";
  }
}

}  // namespace understudy
