#!/bin/sh
# Writes the bill of materials of the system that it runs in, as SPDX 2.3 JSON: each Debian package with its version, and what was compiled
# into the gateway from headers alone. Run while the image is built.
#
#   sbom.sh VERSION HEADERS    the gateway's version; a file with a line "package version architecture" for each library of headers
set -eu

version=$1 headers=$2
created=$(date -u +%Y-%m-%dT%H:%M:%SZ)

{
  dpkg-query --show --showformat '${Package} ${Version} ${Architecture} runs\n'
  sed 's/$/ compiled-in/' "$headers"
} | sort | awk -v version="$version" -v created="$created" '
  # A purl leaves letters, digits, ".", "-", "_" and "~" as they are (package-url specification, "percent-encode").
  function encoded(text) { gsub(/%/, "%25", text); gsub(/\+/, "%2B", text); gsub(/:/, "%3A", text); return text }
  function package(id, name, version, more) {
    printf "%s\n    {\"SPDXID\": \"SPDXRef-%s\", \"name\": \"%s\", \"versionInfo\": \"%s\", \"downloadLocation\": \"NOASSERTION\", \"filesAnalyzed\": false%s}", comma, id, name, version, more
    comma = ","
  }
  BEGIN {
    printf "{\n  \"spdxVersion\": \"SPDX-2.3\",\n  \"dataLicense\": \"CC0-1.0\",\n  \"SPDXID\": \"SPDXRef-DOCUMENT\",\n"
    printf "  \"name\": \"sluice-%s\",\n  \"documentNamespace\": \"urn:sluice:%s:%s\",\n", version, version, created
    printf "  \"creationInfo\": {\"created\": \"%s\", \"creators\": [\"Tool: sluice-sbom\"]},\n  \"packages\": [", created
    package("sluice", "sluice", version, ", \"licenseDeclared\": \"NOASSERTION\"")
  }
  {
    id = $1 "-" $4
    gsub(/[^a-zA-Z0-9.-]/, "-", id)
    package(id, $1, $2, sprintf(", \"comment\": \"%s\", \"externalRefs\": [{\"referenceCategory\": \"PACKAGE-MANAGER\", \"referenceType\": \"purl\", \"referenceLocator\": \"pkg:deb/debian/%s@%s?arch=%s&distro=debian-12\"}]", $4, encoded($1), encoded($2), $3))
    relation[id] = $4 == "runs" ? "DEPENDS_ON" : "STATIC_LINK"
  }
  END {
    printf "\n  ],\n  \"relationships\": [\n    {\"spdxElementId\": \"SPDXRef-DOCUMENT\", \"relationshipType\": \"DESCRIBES\", \"relatedSpdxElement\": \"SPDXRef-sluice\"}"
    for (id in relation) printf ",\n    {\"spdxElementId\": \"SPDXRef-sluice\", \"relationshipType\": \"%s\", \"relatedSpdxElement\": \"SPDXRef-%s\"}", relation[id], id
    printf "\n  ]\n}\n"
  }'
