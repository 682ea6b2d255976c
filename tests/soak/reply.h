#ifndef SLUICE_TESTS_SOAK_REPLY_H_
#define SLUICE_TESTS_SOAK_REPLY_H_

#include <memory>
#include <string>

#include "tests/soak/ledger.h"

namespace sluice::soak {

// One upstream's answer to one request, by its call's plan, step by step.
class Reply {
 public:
  enum class Next {
    kGoOn,   // call Step() again after `wait`, once everything before is sent
    kStall,  // say nothing more
    kFin,    // close, once everything before is sent
    kReset,  // close at once
    kEnd,    // the answer is whole; the connection may be used again
  };
  struct Action {
    Next next;
    Milliseconds wait{0};
  };

  // Takes up the next attempt of the call.
  explicit Reply(std::shared_ptr<Record> record);

  // Appends bytes to `out` and says what comes after them.
  Action Step(std::string* out);

  const Record& record() const { return *record_; }

 private:
  Action Cut() const { return {record_->plan.reset ? Next::kReset : Next::kFin}; }
  Action Head(std::string* out);
  Action Delta(std::string* out);

  std::shared_ptr<Record> record_;
  int attempt_;
  Fault fault_;  // of this attempt
  bool thought_ = false;
  bool head_sent_ = false;
  int next_ = 0;
};

// A whole HTTP reply.
std::string WholeReply(int status, const char* type, const std::string& body);

}  // namespace sluice::soak

#endif  // SLUICE_TESTS_SOAK_REPLY_H_
