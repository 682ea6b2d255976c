#include "server/upstream/trust.h"

#include <curl/curl.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509_vfy.h>
#include <sys/stat.h>

#include <cstdlib>
#include <map>
#include <mutex>
#include <string>

#include "absl/strings/str_cat.h"

namespace sluice::upstream {
namespace {

// Same text, same authorities: for a file its name, size and time of change.
absl::StatusOr<std::string> KeyOf(const Tls& tls) {
  if (!tls.ca_pem.empty()) return absl::StrCat("pem:", tls.ca_pem);
  if (tls.ca_file.empty()) return std::string("system");
  struct stat info;
  if (stat(tls.ca_file.c_str(), &info) != 0) {
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot read the CA file ", tls.ca_file));
  }
  return absl::StrCat("file:", tls.ca_file, ":", info.st_size, ":", info.st_mtim.tv_sec, ".", info.st_mtim.tv_nsec);
}

absl::Status AddPem(X509_STORE* store, const std::string& pem) {
  std::unique_ptr<BIO, decltype(&BIO_free)> bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), &BIO_free);
  int added = 0;
  while (X509* certificate = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)) {
    added += X509_STORE_add_cert(store, certificate);
    X509_free(certificate);
  }
  ERR_clear_error();  // reading ends with "no start line"
  return added > 0 ? absl::OkStatus() : absl::InvalidArgumentError("the CA text holds no PEM certificate");
}

// OpenSSL's own places (SSL_CERT_FILE and SSL_CERT_DIR count), and the bundle that curl was built for, which is all
// that slim images ship.
void AddSystem(X509_STORE* store) {
  X509_STORE_set_default_paths(store);
  const char* bundle = curl_version_info(CURLVERSION_NOW)->cainfo;
  if (bundle != nullptr && std::getenv("SSL_CERT_FILE") == nullptr) X509_STORE_load_file(store, bundle);
  ERR_clear_error();
}

absl::StatusOr<TrustStore> Load(const Tls& tls) {
  TrustStore store(X509_STORE_new(), &X509_STORE_free);
  // An intermediate that the configuration names is trusted as it is, without its root.
  X509_STORE_set_flags(store.get(), X509_V_FLAG_PARTIAL_CHAIN);
  if (!tls.ca_pem.empty()) {
    if (absl::Status status = AddPem(store.get(), tls.ca_pem); !status.ok()) return status;
  } else if (!tls.ca_file.empty()) {
    if (X509_STORE_load_file(store.get(), tls.ca_file.c_str()) != 1) {
      ERR_clear_error();
      return absl::InvalidArgumentError(absl::StrCat("the CA file ", tls.ca_file, " holds no readable certificate"));
    }
  } else {
    AddSystem(store.get());
  }
  return store;
}

}  // namespace

absl::StatusOr<TrustStore> LoadTrust(const Tls& tls) {
  static std::mutex mutex;
  static auto& stores = *new std::map<std::string, TrustStore>;
  absl::StatusOr<std::string> key = KeyOf(tls);
  if (!key.ok()) return key.status();
  std::lock_guard lock(mutex);
  auto found = stores.find(*key);
  if (found != stores.end()) return found->second;
  // A file that changed leaves its former text behind.
  for (auto it = stores.begin(); it != stores.end();) {
    it = it->second.use_count() == 1 && it->first != "system" ? stores.erase(it) : std::next(it);
  }
  absl::StatusOr<TrustStore> store = Load(tls);
  if (store.ok()) stores.emplace(*std::move(key), *store);
  return store;
}

}  // namespace sluice::upstream
