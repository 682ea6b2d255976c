#ifndef SLUICE_SERVER_DIALECT_ERROR_BODY_H_
#define SLUICE_SERVER_DIALECT_ERROR_BODY_H_

#include <string>

#include "server/json/tape.h"

namespace sluice::dialect {

// What an error body says, from the innermost error object outward: of each member the first that says something.
struct ErrorBody {
  std::string message;
  std::string code;        // "" if none; numbers in digits
  std::string inner_code;  // Azure's innererror.code
  std::string status;      // Google's word: RESOURCE_EXHAUSTED
  std::string type;
  std::string request_id;
  int number = 0;  // an HTTP status in the code or status member, or 0
};

ErrorBody ReadErrorBody(json::Value root);

}  // namespace sluice::dialect

#endif  // SLUICE_SERVER_DIALECT_ERROR_BODY_H_
