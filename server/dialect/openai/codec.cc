#include "server/dialect/openai/codec.h"

#include "server/base/id.h"
#include "server/dialect/errors.h"
#include "server/dialect/openai/encoder.h"
#include "server/dialect/openai/fit.h"
#include "server/dialect/openai/models.h"
#include "server/dialect/openai/opaque_parts.h"
#include "server/dialect/openai/stream_decoder.h"

namespace sluice::dialect::openai {
namespace {

class TheCodec final : public Codec {
 public:
  absl::string_view name() const override { return kDialectName; }
  void Fit(const Target& target, chat::Request* request, std::vector<Misfit>* misfits) const override {
    openai::Fit(target, request, misfits);
  }
  HttpRequest EncodeChat(const chat::Request& request, const Target& target) const override {
    return openai::EncodeChat(request, target);
  }
  HttpRequest EncodeListModels(const Target& target) const override { return openai::EncodeListModels(target); }
  std::unique_ptr<StreamDecoder> NewDecoder(const Target& target, const DecodeLimits& limits) const override {
    return std::make_unique<OpenAiDecoder>(limits, IdSource::Real(), target.split_think_tags);
  }
  chat::Error DecodeFailure(const HttpFailure& failure) const override { return dialect::DecodeFailure(failure); }
  absl::StatusOr<std::vector<Model>> DecodeModels(absl::string_view body) const override {
    return openai::DecodeModels(body);
  }
};

}  // namespace

const Codec& OpenAiCodec() {
  static const TheCodec codec;
  return codec;
}

}  // namespace sluice::dialect::openai
