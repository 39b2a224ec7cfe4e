// What stands in the place of personal data: something of the same kind and shape that is nobody's.
#pragma once

#include <string>
#include <string_view>

#include "privacy/entity.h"

namespace understudy {

// The key of a scope: within it, one entity has one substitute, in every spelling and every text;
// without it, nobody can tell which entity it was. 32 bytes, from any secret of 16 bytes or more.
class MaskKey {
 public:
  explicit MaskKey(std::string_view secret);
  const std::string& bytes() const { return bytes_; }
  // Tells keys apart and gives nothing away.
  std::string Fingerprint() const;

 private:
  std::string bytes_;
};

// The substitute of an entity that is spelled so; drawn by a keyed hash (BLAKE2b, RFC 7693) of kind
// and identity. Equal keys give equal substitutes, everywhere and always:
//   email   two made-up names and a number at example.com
//   phone   the same groups and separators. North America: <area>-555-01dd, the area made up; else
//           country code and trunk zero stay, and the number begins with 55501
//   card    the same groups; the issuer's published test prefix, the rest made up, passes Luhn
//   iban    country and length stay, bank code of X and 0, passes mod 97
//   ipv4    198.18.0.0/15 (RFC 2544: benchmarks, never routed; the three documentation networks of
//           RFC 5737 have but 762 addresses, and two addresses of a call must not become one)
//   ipv6    2001:db8::/32 (RFC 3849)
//   ssn     000-dd-dddd, an area that is never given out
//   secret  prefix and shape stay, EXAMPLE and made-up characters of the same classes
// FindEntities knows them all as fictitious: masking twice changes nothing. Two entities share a
// substitute with a chance of one in 60,000 (US phones), 130,000 (IPv4), or far less.
std::string Substitute(const Entity& entity, std::string_view spelled, const MaskKey& key);

}  // namespace understudy
