#include <gtest/gtest.h>

#include "server/dialect/anthropic/media.h"

namespace sluice::dialect::anthropic {
namespace {

TEST(AnthropicMedia, ADataUriFallsInTwo) {
  for (const char* uri :
       {"data:image/png;base64,UE5H", "DATA:image/png;Base64,UE5H", "data:image/png;a=b;base64,UE5H"}) {
    const auto read = ReadBase64Uri(uri);
    ASSERT_TRUE(read.has_value()) << uri;
    EXPECT_EQ(read->mime_type, "image/png");
    EXPECT_EQ(read->base64, "UE5H");
  }
}

TEST(AnthropicMedia, OtherUrisAreNone) {
  for (const char* uri : {"https://a.test/x;base64,y", "data:image/png,PNG", "data:;base64,UE5H",
                          "data:image/png;base64", "data:image/png;base64,", "data:"}) {
    EXPECT_FALSE(ReadBase64Uri(uri).has_value()) << uri;
  }
  EXPECT_FALSE(IsDataUri("https://a.test/"));
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
