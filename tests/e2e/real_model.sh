#!/usr/bin/env bash
# What the caller gets is what a real model sent, delta for delta. Status 77: the model's packages cannot be fetched.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

tests/e2e/real_model/install.sh
python=.build/real-model/bin/python
stubs=.build/real-model/stubs
mkdir -p "$stubs"
"$python" -m grpc_tools.protoc --proto_path=proto --python_out="$stubs" --grpc_python_out="$stubs" proto/sluice/v1/*.proto
PYTHONPATH=$stubs "$python" tests/e2e/real_model/test_real_model.py
