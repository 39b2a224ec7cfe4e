// TestCertificate: a CA and a certificate signed by it, made when asked for and valid for a day.
#pragma once

#include "support/temp_folder.h"

#include <filesystem>
#include <string>

namespace understudy {

// Writes ca.pem, server.pem and server.key into a fresh folder, removed at the end. `host` is the
// certificate's only subject alternative name.
class TestCertificate {
 public:
  explicit TestCertificate(const std::string& host = "localhost");

  std::string ca() const { return folder_ / "ca.pem"; }
  std::string certificate() const { return folder_ / "server.pem"; }
  std::string key() const { return folder_ / "server.key"; }

 private:
  TempFolder folder_;
};

}  // namespace understudy
