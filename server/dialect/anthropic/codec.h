#ifndef SLUICE_SERVER_DIALECT_ANTHROPIC_CODEC_H_
#define SLUICE_SERVER_DIALECT_ANTHROPIC_CODEC_H_

#include "server/dialect/codec.h"

namespace sluice::dialect::anthropic {

// Anthropic's Messages API, version 2023-06-01, and what speaks like it. Lives for the whole process.
const Codec& AnthropicCodec();

}  // namespace sluice::dialect::anthropic

#endif  // SLUICE_SERVER_DIALECT_ANTHROPIC_CODEC_H_
