#include "server/dialect/codec.h"

namespace sluice::dialect {

Generation WithDefaults(const chat::Request& request, const Target& target) {
  Generation out;
  out.temperature = request.temperature ? request.temperature : target.default_temperature;
  out.max_tokens = request.max_completion_tokens ? request.max_completion_tokens
                   : request.max_tokens          ? request.max_tokens
                                                 : target.default_max_tokens;
  return out;
}

}  // namespace sluice::dialect
