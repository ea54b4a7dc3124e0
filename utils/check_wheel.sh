#!/usr/bin/env bash
# Builds the wheel as a user does, `pip install .` into a new environment, and
# runs the package's tests against it. Takes minutes; ./check tries the rest.
#
#   utils/check_wheel.sh [ENVIRONMENT]      default: build/wheel-venv, made anew
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

env=${1:-build/wheel-venv}
rm -rf "$env"
python3 -m venv "$env"
"$env/bin/pip" install --quiet --disable-pip-version-check .
"$env/bin/pip" install --quiet --disable-pip-version-check pytest onnx
exec "$env/bin/python" -m pytest -q test/python
