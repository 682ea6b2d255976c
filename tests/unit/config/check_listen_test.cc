#include "server/config/check_listen.h"

#include <gtest/gtest.h>

#include "tests/unit/config/fixture.h"

namespace sluice::config {
namespace {

TEST(CheckListenTest, DefaultsToLoopback) {
  const auto snapshot = Load(WithUpstream(""));
  ASSERT_TRUE(snapshot.ok()) << snapshot.status();
  EXPECT_EQ((*snapshot)->listen.grpc.address, "127.0.0.1:50051");
  EXPECT_EQ((*snapshot)->listen.ops, "127.0.0.1:9090");
  EXPECT_FALSE((*snapshot)->listen.grpc.tls);
}

TEST(CheckListenTest, PlaintextForOthersHasToBeAskedForInWords) {
  EXPECT_EQ(ErrorsOf(WithUpstream("listen:\n  grpc:\n    address: 0.0.0.0:50051\n")),
            "sluice.yaml:7: listen.grpc.address: plaintext on an address that is not loopback; add listen.grpc.tls, or "
            "set listen.grpc.insecure to true");
  EXPECT_NE(ErrorsOf(WithUpstream("listen: {grpc: {address: \"[::]:50051\", insecure: false}}\n")), "");
  EXPECT_EQ(ErrorsOf(WithUpstream("listen: {grpc: {address: \"0.0.0.0:50051\", insecure: true}}\n")), "");
  EXPECT_EQ(ErrorsOf(WithUpstream("listen: {grpc: {address: \"[::1]:0\"}, ops: \"0.0.0.0:9090\"}\n")), "");
}

TEST(CheckListenTest, AddressesAreChecked) {
  EXPECT_EQ(ErrorsOf(WithUpstream("listen: {grpc: {address: \":50051\"}, ops: \"127.0.0.1\"}\n")),
            "sluice.yaml:5: listen.ops: not an address to listen on: the port is missing; write IP:port, as in "
            "127.0.0.1:50051 or 0.0.0.0:50051\n"
            "sluice.yaml:5: listen.grpc.address: not an address to listen on: the host is missing or malformed; write "
            "IP:port, as in 127.0.0.1:50051 or 0.0.0.0:50051");
}

TEST(CheckListenTest, ReadsCertificates) {
  const auto snapshot = Load(WithUpstream(
      "listen: {grpc: {address: \"0.0.0.0:1\", tls: {cert: tls.crt, key: tls.key, client_ca: ca.crt}}}\n"));
  ASSERT_TRUE(snapshot.ok()) << snapshot.status();
  const ListenerTls& tls = *(*snapshot)->listen.grpc.tls;
  EXPECT_EQ(tls.cert_file, "tls.crt");
  EXPECT_EQ(tls.certificate_chain, kCertificate);
  EXPECT_EQ(tls.private_key.Reveal(), kPrivateKey);
  EXPECT_EQ(tls.client_ca, kCertificate);
  EXPECT_LT(tls.certificate_expiry, absl::Now() + absl::Hours(25));
  EXPECT_EQ(tls.client_ca_expiry, tls.certificate_expiry);
  const std::vector<SourceFile> files = {{"tls.crt", Fingerprint(kCertificate)},
                                         {"tls.key", Fingerprint(kPrivateKey)},
                                         {"ca.crt", Fingerprint(kCertificate)}};
  EXPECT_EQ((*snapshot)->files, files);
}

TEST(CheckListenTest, ACertificateNeedsItsOwnKey) {
  const std::string yaml = WithUpstream("listen: {grpc: {tls: {cert: tls.crt, key: tls.key}}}\n");
  FakeWorld world;
  world.files["tls.key"] = fakes::Authority().Issue().KeyPem();
  EXPECT_EQ(ErrorsOf(yaml, world),
            "sluice.yaml:5: listen.grpc.tls.key: the file named here is not the key of the first certificate in "
            "listen.grpc.tls.cert");
  world.files["tls.crt"] = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
  EXPECT_EQ(ErrorsOf(yaml, world),
            "sluice.yaml:5: listen.grpc.tls.cert: the file named here holds a certificate that cannot be read");
}

TEST(CheckListenTest, TlsIsWholeOrNotThere) {
  EXPECT_EQ(ErrorsOf(WithUpstream("listen:\n  grpc:\n    tls: {cert: tls.crt}\n    insecure: true\n")),
            "sluice.yaml:7: listen.grpc.tls.key: required within tls; name a PEM file\n"
            "sluice.yaml:8: listen.grpc.insecure: contradicts tls; remove one of the two");
  EXPECT_EQ(ErrorsOf(WithUpstream("listen: {grpc: {tls: {cert: tls.key, key: gone, client_ca: \"\"}}}\n")),
            "sluice.yaml:5: listen.grpc.tls.cert: the file named here holds no PEM block of type CERTIFICATE\n"
            "sluice.yaml:5: listen.grpc.tls.key: cannot read the file named here: No such file or directory\n"
            "sluice.yaml:5: listen.grpc.tls.client_ca: the file's name is empty; give one or remove the field");
}

}  // namespace
}  // namespace sluice::config
