#include <gtest/gtest.h>

#include "server/dialect/anthropic/media.h"

namespace sluice::dialect::anthropic {
namespace {

TEST(AnthropicMedia, AMediaTypeGoesWithoutItsParameters) {
  EXPECT_EQ(WithoutParameters("image/png;a=b; c=d"), "image/png");
  EXPECT_EQ(WithoutParameters("text/plain ; charset=utf-8"), "text/plain");
  EXPECT_EQ(WithoutParameters("image/png"), "image/png");
}

TEST(AnthropicMedia, DocumentsArePdfOrValidText) {
  EXPECT_EQ(KindOfDocument({"", "%PDF", "a", "application/pdf"}), DocumentKind::kPdf);
  EXPECT_EQ(KindOfDocument({"", "x", "a", "Text/Plain; charset=utf-8"}), DocumentKind::kText);
  EXPECT_EQ(KindOfDocument({"", "\xFF", "a", "text/plain"}), DocumentKind::kNone);
  EXPECT_EQ(KindOfDocument({"", "x", "a.pdf", ""}), DocumentKind::kNone);
  EXPECT_EQ(KindOfDocument({"", "x", "a", "text/html"}), DocumentKind::kNone);
}

}  // namespace
}  // namespace sluice::dialect::anthropic
