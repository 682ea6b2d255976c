#ifndef SLUICE_SERVER_UPSTREAM_CURL_RESULT_H_
#define SLUICE_SERVER_UPSTREAM_CURL_RESULT_H_

#include <curl/curl.h>

#include "server/upstream/client.h"

namespace sluice::upstream {

// What curl's verdict on a transfer that had come as far as `stage` means to its owner. `error_text` is what curl wrote
// into CURLOPT_ERRORBUFFER.
Result ResultOf(CURL* easy, CURLcode code, Stage stage, const char* error_text);

}  // namespace sluice::upstream

#endif  // SLUICE_SERVER_UPSTREAM_CURL_RESULT_H_
