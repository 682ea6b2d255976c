#include "server/upstream/trust.h"

#include <gtest/gtest.h>
#include <openssl/x509_vfy.h>

#include <cstdio>
#include <filesystem>
#include <fstream>

#include "tests/fakes/certificates.h"

namespace sluice::upstream {
namespace {

bool Accepts(const TrustStore& store, const fakes::Certificate& leaf) {
  X509_STORE_CTX* context = X509_STORE_CTX_new();
  X509_STORE_CTX_init(context, store.get(), leaf.x509.get(), nullptr);
  const bool ok = X509_verify_cert(context) == 1;
  X509_STORE_CTX_free(context);
  return ok;
}

TEST(TrustTest, PemTextIsTrustedAndNothingElse) {
  const fakes::Authority ours, other;
  const auto store = LoadTrust({.ca_file = "", .ca_pem = ours.Pem()});
  ASSERT_TRUE(store.ok());
  EXPECT_TRUE(Accepts(*store, ours.Issue()));
  EXPECT_FALSE(Accepts(*store, other.Issue()));
}

TEST(TrustTest, SeveralCertificatesInOneTextAllCount) {
  const fakes::Authority one, two;
  const auto store = LoadTrust({.ca_file = "", .ca_pem = one.Pem() + "\n" + two.Pem()});
  ASSERT_TRUE(store.ok());
  EXPECT_TRUE(Accepts(*store, one.Issue()));
  EXPECT_TRUE(Accepts(*store, two.Issue()));
}

TEST(TrustTest, TheSameSettingsShareOneStore) {
  const fakes::Authority ours;
  const auto first = LoadTrust({.ca_file = "", .ca_pem = ours.Pem()});
  const auto second = LoadTrust({.ca_file = "", .ca_pem = ours.Pem()});
  EXPECT_EQ(first->get(), second->get());
  EXPECT_EQ(LoadTrust({})->get(), LoadTrust({})->get());
}

TEST(TrustTest, AFileIsReadAnewWhenItHasChanged) {
  const fakes::Authority before, after;
  const auto path = std::filesystem::path(testing::TempDir()) / "trust_test_ca.pem";
  std::ofstream(path) << before.Pem();
  const auto first = LoadTrust({.ca_file = path, .ca_pem = ""});
  ASSERT_TRUE(first.ok());
  std::ofstream(path) << after.Pem() << after.Pem();
  const auto second = LoadTrust({.ca_file = path, .ca_pem = ""});
  ASSERT_TRUE(second.ok());
  EXPECT_TRUE(Accepts(*first, before.Issue()));
  EXPECT_FALSE(Accepts(*second, before.Issue()));
  EXPECT_TRUE(Accepts(*second, after.Issue()));
  std::filesystem::remove(path);
}

TEST(TrustTest, WhatCannotBeReadIsSaid) {
  EXPECT_NE(LoadTrust({.ca_file = "/nowhere/ca", .ca_pem = ""}).status().message().find("/nowhere/ca"),
            absl::string_view::npos);
  EXPECT_FALSE(LoadTrust({.ca_file = "", .ca_pem = "no certificate"}).ok());
  const auto path = std::filesystem::path(testing::TempDir()) / "trust_test_empty.pem";
  std::ofstream(path) << "nothing";
  EXPECT_FALSE(LoadTrust({.ca_file = path, .ca_pem = ""}).ok());
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace sluice::upstream
