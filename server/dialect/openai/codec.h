#ifndef SLUICE_SERVER_DIALECT_OPENAI_CODEC_H_
#define SLUICE_SERVER_DIALECT_OPENAI_CODEC_H_

#include "server/dialect/codec.h"

namespace sluice::dialect::openai {

// OpenAI's chat completions and what speaks like them: Azure, DeepSeek, Groq, Mistral, OpenRouter, xAI, vLLM, SGLang,
// llama.cpp, Ollama, and the relays. Where they differ from OpenAI the decoder takes all their ways at once: nothing
// tells which of them is at the other end. Lives for the whole process.
const Codec& OpenAiCodec();

}  // namespace sluice::dialect::openai

#endif  // SLUICE_SERVER_DIALECT_OPENAI_CODEC_H_
