#include "server/upstream/curl_call.h"

namespace sluice::upstream {

CurlTransfer::~CurlTransfer() {
  if (call_ != nullptr) call_->Abandon();
}

void CurlTransfer::Pause() {
  if (call_ != nullptr) call_->Pause();
}

void CurlTransfer::Resume() {
  if (call_ != nullptr) call_->Resume();
}

bool CurlTransfer::paused() const { return call_ != nullptr && call_->paused_; }

uint64_t CurlTransfer::bytes_in() const { return call_ != nullptr ? call_->bytes_in_ : bytes_in_; }

uint64_t CurlTransfer::bytes_out() const { return call_ != nullptr ? call_->bytes_out_ : bytes_out_; }

}  // namespace sluice::upstream
