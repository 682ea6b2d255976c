#ifndef SLUICE_TESTS_SOAK_CALLER_H_
#define SLUICE_TESTS_SOAK_CALLER_H_

#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "sluice/client.h"
#include "tests/soak/ledger.h"

namespace sluice::soak {

// Waits that end at once when the soak does. Thread safe.
class Pause {
 public:
  bool For(Milliseconds time);  // false: it is over
  void End();
  bool over() const;

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool over_ = false;
};

// Cancels streams at given times, from a thread of its own.
class Canceller {
 public:
  Canceller();
  ~Canceller();
  Canceller(const Canceller&) = delete;
  Canceller& operator=(const Canceller&) = delete;

  void CancelAfter(Milliseconds delay, ChatStream* stream);  // which must not move
  void Forget(const ChatStream* stream);                     // after it, the stream may be destroyed

 private:
  void Run();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::multimap<int64_t, ChatStream*> due_;
  bool stop_ = false;
  std::thread thread_;
};

// One caller after the other: draws a call, makes it, checks it, rests, until the pause is over.
class Caller {
 public:
  Caller(Ledger* ledger, Canceller* canceller, Pause* pause, uint64_t seed)
      : ledger_(ledger), canceller_(canceller), pause_(pause), random_(seed) {}

  // Each call goes over one of the clients.
  void Run(const std::vector<Client>& clients);

 private:
  void Chat(const Client& client, const Record& record);
  void Complete(const Client& client, const Record& record);
  void ListModels(const Client& client, const Record& record);

  Ledger* const ledger_;
  Canceller* const canceller_;
  Pause* const pause_;
  Random random_;
};

v1::ChatRequest RequestFor(const Record& record);

}  // namespace sluice::soak

#endif  // SLUICE_TESTS_SOAK_CALLER_H_
