#ifndef SLUICE_SERVER_DIALECT_ANTHROPIC_CACHE_H_
#define SLUICE_SERVER_DIALECT_ANTHROPIC_CACHE_H_

#include <string>

#include "server/chat/request.h"
#include "server/json/writer.h"

namespace sluice::dialect::anthropic {

// What every cache_control of a request says.
class CacheControl {
 public:
  explicit CacheControl(const chat::Request& request) {
    if (request.prompt_cache_options) ttl_ = request.prompt_cache_options->ttl;
  }

  // As a member of the object that `json` is in.
  void Put(json::Writer& json) const {
    json.Key("cache_control").StartObject().Member("type", "ephemeral");
    if (!ttl_.empty()) json.Member("ttl", ttl_);
    json.EndObject();
  }

 private:
  std::string ttl_;
};

}  // namespace sluice::dialect::anthropic

#endif  // SLUICE_SERVER_DIALECT_ANTHROPIC_CACHE_H_
