#include "absl/strings/str_cat.h"
#include "tests/fakes/scripted_upstream.h"

namespace sluice::fakes {

std::string ReceivedRequest::Header(absl::string_view lower_case_name) const {
  for (const auto& [name, value] : headers) {
    if (name == lower_case_name) return value;
  }
  return "";
}

void Conversation::CutAfter(size_t bytes, Cut how) {
  left_ = bytes;
  cut_ = how;
}

bool Conversation::SendRaw(absl::string_view bytes) {
  const bool cuts = left_.has_value() && bytes.size() >= *left_;
  if (cuts) bytes = bytes.substr(0, *left_);
  if (left_.has_value()) *left_ -= bytes.size();
  bool ok = true;
  if (drip_) {
    for (size_t i = 0; ok && i < bytes.size(); ++i) ok = wire_->Write(bytes.substr(i, 1));
  } else {
    ok = wire_->Write(bytes);
  }
  if (!cuts) return ok;
  Finish(cut_ == Cut::kFin ? &Wire::Close : &Wire::Reset);
  return false;
}

bool Conversation::SendHead(int status, const Headers& headers) {
  std::string head = absl::StrCat("HTTP/1.1 ", status, " Scripted\r\n");
  for (const auto& [name, value] : headers) absl::StrAppend(&head, name, ": ", value, "\r\n");
  return SendRaw(absl::StrCat(head, "\r\n"));
}

bool Conversation::SendReply(int status, absl::string_view body, Headers headers) {
  headers.emplace_back("Content-Length", absl::StrCat(body.size()));
  return SendHead(status, headers) && SendRaw(body);
}

bool Conversation::StartSse(Headers headers) {
  headers.emplace_back("Content-Type", "text/event-stream");
  headers.emplace_back("Transfer-Encoding", "chunked");
  return SendHead(200, headers);
}

std::string Conversation::Chunk(absl::string_view bytes) {
  return absl::StrCat(absl::Hex(bytes.size()), "\r\n", bytes, "\r\n");
}

void Conversation::DiscardInput() {
  for (std::string dropped; wire_->Read(&dropped); dropped.clear()) {
  }
  finished_ = true;
}

bool Conversation::WaitClosedByPeer(int timeout_ms) const {
  wire_->WaitFor(nullptr, timeout_ms);
  return peer_closed();
}

void Conversation::Finish(void (Wire::*how)()) {
  (wire_->*how)();
  finished_ = true;
}

}  // namespace sluice::fakes
