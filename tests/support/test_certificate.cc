#include "support/test_certificate.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <cstdio>
#include <memory>
#include <stdexcept>

namespace understudy {
namespace {

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;

Key MakeKey() {
  return {EVP_EC_gen("P-256"), EVP_PKEY_free};
}

void AddExtension(X509* certificate, int nid, const std::string& value) {
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, nid, value.c_str());
  if (!extension) throw std::runtime_error("cannot make a certificate extension");
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

Certificate MakeCertificate(const std::string& name, long serial, EVP_PKEY* key, X509* issuer,
                            EVP_PKEY* issuer_key) {
  Certificate certificate(X509_new(), X509_free);
  X509* const made = certificate.get();
  X509_set_version(made, X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(made), serial);
  X509_gmtime_adj(X509_getm_notBefore(made), -3600);
  X509_gmtime_adj(X509_getm_notAfter(made), 24 * 3600);
  X509_set_pubkey(made, key);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(made), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  X509_set_issuer_name(made, X509_get_subject_name(issuer ? issuer : made));
  if (issuer) AddExtension(made, NID_subject_alt_name, "DNS:" + name);
  if (!issuer) AddExtension(made, NID_basic_constraints, "critical,CA:TRUE");
  if (X509_sign(made, issuer_key, EVP_sha256()) == 0) throw std::runtime_error("cannot sign");
  return certificate;
}

template <class Write>
void WriteFile(const std::string& path, Write write) {
  FILE* file = std::fopen(path.c_str(), "w");
  if (!file) throw std::runtime_error("cannot write " + path);
  write(file);
  std::fclose(file);
}

}  // namespace

TestCertificate::TestCertificate(const std::string& host) {
  const Key ca_key = MakeKey();
  const Key key = MakeKey();
  const Certificate ca = MakeCertificate("Test CA", 1, ca_key.get(), nullptr, ca_key.get());
  const Certificate own = MakeCertificate(host, 2, key.get(), ca.get(), ca_key.get());
  WriteFile(this->ca(), [&](FILE* file) { PEM_write_X509(file, ca.get()); });
  WriteFile(certificate(), [&](FILE* file) { PEM_write_X509(file, own.get()); });
  WriteFile(this->key(), [&](FILE* file) {
    PEM_write_PrivateKey(file, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  });
}

}  // namespace understudy
