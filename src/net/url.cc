// ParseUrl and Url::ToString. Only what an upstream's address needs of RFC 3986: no user
// information, no query, no fragment.
#include <algorithm>

#include "net/client.h"

namespace understudy {
namespace {

constexpr std::string_view kExample = "write it like https://api.example.com/v1";

bool IsPrintable(char c) {
  return c > ' ' && c < 0x7f;
}

bool IsHostChar(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_';
}

bool IsV6Char(char c) {
  return (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || (c >= '0' && c <= '9') || c == ':' ||
         c == '.';
}

// The text is an operator's configuration, but may hold a password before '@': never echoed then.
Error Bad(std::string_view text, std::string_view what) {
  const bool secret = text.find('@') != std::string_view::npos;
  const std::string shown =
      secret ? std::string() : " \"" + std::string(text.substr(0, 200)) + "\"";
  return InvalidInput("cannot read the URL" + shown + ": " + std::string(what)).Mend(kExample);
}

std::string WithoutTrailingSlash(std::string_view path) {
  while (path.ends_with('/')) path.remove_suffix(1);
  return std::string(path);
}

bool IsPort(std::string_view port) {
  if (port.empty() || port.size() > 5 || port.find_first_not_of("0123456789") != port.npos) {
    return false;
  }
  const int value = std::stoi(std::string(port));
  return value >= 1 && value <= 65535;
}

// "unix:/run/x.sock" or "unix:/run/x.sock:/prefix".
Result<Url> ParseUnixUrl(std::string_view text) {
  std::string_view rest = text.substr(5);
  Url url;
  url.host = "localhost";
  if (const size_t colon = rest.find(":/", 1); colon != rest.npos) {
    url.path = WithoutTrailingSlash(rest.substr(colon + 1));
    rest = rest.substr(0, colon);
  }
  if (!rest.starts_with('/')) {
    return Fail(Bad(text, "the socket's path must begin with a slash")
                    .Mend("write it like unix:/run/llm.sock or unix:/run/llm.sock:/v1"));
  }
  if (rest.size() > 107) {  // sun_path of Linux, with its final zero
    return Fail(Bad(text, "the socket's path is longer than 107 bytes")
                    .Mend("use a shorter path, for example under /run or /tmp"));
  }
  url.socket = std::string(rest);
  return url;
}

Status ParseAuthority(std::string_view text, std::string_view authority, Url* url) {
  if (authority.find('@') != authority.npos) {
    return Fail(Bad(text, "user names and passwords in a URL are not supported")
                    .Mend("put the key into api_key = \"env:NAME\""));
  }
  std::string_view port;
  bool valid_host = true;
  if (authority.starts_with('[')) {
    const size_t end = authority.find(']');
    if (end == authority.npos) return Fail(Bad(text, "the IPv6 address has no closing bracket"));
    url->host = std::string(authority.substr(1, end - 1));
    port = authority.substr(end + 1);
    valid_host = std::ranges::all_of(url->host, IsV6Char);
  } else {
    const size_t colon = authority.find(':');
    url->host = std::string(authority.substr(0, colon));
    if (colon != authority.npos) port = authority.substr(colon);
    valid_host = std::ranges::all_of(url->host, IsHostChar);
  }
  if (url->host.empty()) return Fail(Bad(text, "it names no host"));
  if (!valid_host) return Fail(Bad(text, "the host has characters that no host name has"));
  if (port.empty()) return {};
  if (!port.starts_with(':')) return Fail(Bad(text, "something stands behind the closing bracket"));
  url->port = std::string(port.substr(1));
  if (!IsPort(url->port)) return Fail(Bad(text, "the port must be a number from 1 to 65535"));
  return {};
}

}  // namespace

Result<Url> ParseUrl(std::string_view text) {
  if (text.empty()) return Fail(Bad(text, "it is empty"));
  if (!std::ranges::all_of(text, IsPrintable)) {
    return Fail(InvalidInput("cannot read the URL: it has a blank, a control or a non-ASCII "
                             "character")
                    .Mend("percent-encode such characters"));
  }
  const size_t colon = std::min(text.find(':'), text.size());
  const std::string_view scheme = text.substr(0, colon);
  if (EqualsIgnoreCase(scheme, "unix") && colon < text.size()) return ParseUnixUrl(text);
  Url url;
  url.tls = EqualsIgnoreCase(scheme, "https");
  if (!text.substr(colon).starts_with("://") || (!url.tls && !EqualsIgnoreCase(scheme, "http"))) {
    return Fail(Bad(text, "it must begin with http://, https:// or unix:/"));
  }
  url.port = url.tls ? "443" : "80";
  const std::string_view rest = text.substr(colon + 3);
  const size_t slash = std::min(rest.find_first_of("/?#"), rest.size());
  TRY_VOID(ParseAuthority(text, rest.substr(0, slash), &url));
  const std::string_view path = rest.substr(slash);
  if (path.find_first_of("?#") != path.npos) {
    return Fail(Bad(text, "a query or a fragment cannot stand in an upstream's base URL"));
  }
  url.path = WithoutTrailingSlash(path);
  return url;
}

std::string Url::ToString() const {
  if (!socket.empty()) return "unix:" + socket + (path.empty() ? "" : ":" + path);
  const bool v6 = host.find(':') != std::string::npos;
  const std::string shown_port = port == (tls ? "443" : "80") ? "" : ":" + port;
  return (tls ? "https://" : "http://") + (v6 ? "[" + host + "]" : host) + shown_port + path;
}

}  // namespace understudy
