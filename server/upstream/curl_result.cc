#include "server/upstream/curl_result.h"

#include <openssl/x509_vfy.h>

#include <string>
#include <system_error>

#include "absl/strings/str_cat.h"

namespace sluice::upstream {
namespace {

std::string WithErrno(const char* what, long os_errno) {
  if (os_errno == 0) return what;
  return absl::StrCat(what, ": ", std::generic_category().message(static_cast<int>(os_errno)));
}

std::string VerifyDetail(CURL* easy) {
  long verify = X509_V_OK;
  curl_easy_getinfo(easy, CURLINFO_SSL_VERIFYRESULT, &verify);
  // curl presets the second, and puts in OpenSSL's verdict only after the host's name was found to fit.
  if (verify == X509_V_OK || verify == X509_V_ERR_UNSPECIFIED) return "the certificate is not for this host";
  return absl::StrCat("certificate not accepted: ", X509_verify_cert_error_string(verify));
}

std::string DetailOf(CURL* easy, CURLcode code, long os_errno, const char* error_text) {
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
      return "could not resolve host";
    case CURLE_COULDNT_RESOLVE_PROXY:
      return "could not resolve the proxy's host";
    case CURLE_COULDNT_CONNECT:
      return WithErrno("could not connect", os_errno);
    case CURLE_PEER_FAILED_VERIFICATION:
      return VerifyDetail(easy);
    case CURLE_SSL_CONNECT_ERROR:
      return absl::StrCat("TLS handshake failed: ", error_text);
    case CURLE_SEND_ERROR:
      return WithErrno("connection lost while sending", os_errno);
    case CURLE_RECV_ERROR:
      return WithErrno("connection lost", os_errno);
    case CURLE_GOT_NOTHING:
      return "connection closed without a reply";
    case CURLE_PARTIAL_FILE:
      return "connection closed before the end of the body";
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_UNSUPPORTED_PROTOCOL:
      return "the reply is not HTTP";
    default:
      return curl_easy_strerror(code);
  }
}

}  // namespace

Result ResultOf(CURL* easy, CURLcode code, Stage stage, const char* error_text) {
  Result result;
  result.stage = stage;
  long connects = 0;
  curl_easy_getinfo(easy, CURLINFO_NUM_CONNECTS, &connects);
  result.reused = connects == 0 && stage > Stage::kTls;
  if (code == CURLE_OK) return result;
  // Until the connection was ready nothing of the request can have reached the upstream.
  result.outcome = stage <= Stage::kTls ? Outcome::kUnreachable : Outcome::kBroken;
  if (code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CONNECT_ERROR) result.stage = Stage::kTls;
  long os_errno = 0;
  curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &os_errno);
  result.os_errno = static_cast<int>(os_errno);
  result.detail = DetailOf(easy, code, os_errno, error_text);
  return result;
}

}  // namespace sluice::upstream
