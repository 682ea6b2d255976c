#ifndef SLUICE_SERVER_BASE_ID_H_
#define SLUICE_SERVER_BASE_ID_H_

#include <string>

namespace sluice {

// Makes the names of calls. Injected, so that tests know the names beforehand (fake_id.h). Thread safe.
class IdSource {
 public:
  virtual ~IdSource() = default;

  // A request id for a call whose caller sent none: 32 lower-case hexadecimal digits, never the same twice. Safe to
  // show: it says nothing about the machine, the time or other calls.
  virtual std::string NewRequestId() = 0;

  // The kernel's random numbers, 128 bits each; lives for the whole process.
  static IdSource& Real();
};

}  // namespace sluice

#endif  // SLUICE_SERVER_BASE_ID_H_
