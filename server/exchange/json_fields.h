#ifndef SLUICE_SERVER_EXCHANGE_JSON_FIELDS_H_
#define SLUICE_SERVER_EXCHANGE_JSON_FIELDS_H_

#include <vector>

#include "server/chat/error.h"
#include "server/chat/request.h"

namespace sluice::exchange {

// Each text of the request that has to be one JSON object and is none, or is nested deeper than `max_depth`. They go
// upstream as they are, so what is wrong with them would break the whole request there.
void CheckJsonFields(const chat::Request& request, int max_depth, std::vector<chat::FieldViolation>* violations);

}  // namespace sluice::exchange

#endif  // SLUICE_SERVER_EXCHANGE_JSON_FIELDS_H_
