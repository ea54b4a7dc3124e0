#!/usr/bin/env bash
# Installs what a fresh Debian machine lacks: the build's packages and, unless
# --no-venv is given, the Python environment of the tests in build/venv.
#
# Keeps this invariant: when it ends with 0, the build and the tests find all
# they need; when nothing was missing it changed nothing and took under 2 s.
#
#   utils/setup.sh [--no-venv] [--dry-run]
#
#   QNT_SKIP_PACKAGES=1   leave the packages alone (other distributions)
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

llvm=22
# What reads the sources: compiler driver, build system, cache.
packages=(g++ git cmake ninja-build ccache pkg-config)
# LLVM and MLIR with the development files their CMake packages ask for.
packages+=(llvm-$llvm-dev llvm-$llvm-tools libmlir-$llvm-dev mlir-$llvm-tools)
packages+=(zlib1g-dev libzstd-dev libcurl4-openssl-dev libedit-dev)
# The importer's protobuf classes and the JSON of reports and contracts.
packages+=(libonnx-dev libprotobuf-dev protobuf-compiler nlohmann-json3-dev)
packages+=(libflatbuffers-dev flatbuffers-compiler)
# Linking, sanitizers, fuzzers, formatting.
packages+=(lld-$llvm clang-$llvm libclang-rt-$llvm-dev)
packages+=(clang-format-$llvm clang-tidy-$llvm)
# Tests.
packages+=(libgtest-dev python3 python3-venv libonnx-testdata)
packages+=(libgtest-dev python3 python3-venv)
# The Python module.
packages+=(python3-dev)
# Building for AArch64 and running it, where the machine itself is another.
if [ "$(uname -m)" != aarch64 ]; then
  packages+=(gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user)
fi

venv=1
dry=0
for arg in "$@"; do
  case "$arg" in
  --no-venv) venv=0 ;;
  --dry-run) dry=1 ;;
  *)
    echo "setup: unknown option '$arg' (known: --no-venv, --dry-run)" >&2
    exit 2
    ;;
  esac
done

say() { echo "setup: $*"; }
die() {
  echo "setup: error: $*" >&2
  exit 1
}

# Prints the packages of the list that are not installed, one per line.
missing_packages() {
  { dpkg-query -W -f '${Package} ${Status}\n' "${packages[@]}" 2>/dev/null ||
    true; } | awk '/ install ok installed$/ {print $1}' | sort -u |
    comm -13 - <(printf '%s\n' "${packages[@]}" | sort -u)
}

# Prints the packages among the arguments that no package source offers.
unavailable_packages() {
  apt-cache policy "$@" |
    awk '/^[^ ]/ { name = $1; sub(/:.*/, "", name) }
         / Candidate: / && $2 != "(none)" { print name }' | sort -u |
    comm -13 - <(printf '%s\n' "$@" | sort -u)
}

list() { tr '\n' ' ' | sed 's/ $//'; }

install_packages() {
  [ "${QNT_SKIP_PACKAGES:-0}" = 1 ] && return
  command -v dpkg-query >/dev/null && command -v apt-get >/dev/null ||
    die "this is no Debian system (no apt-get); install these packages'" \
      "equivalents and set QNT_SKIP_PACKAGES=1: ${packages[*]}"
  local lacking
  mapfile -t lacking < <(missing_packages)
  if [ ${#lacking[@]} -eq 0 ]; then
    say "all ${#packages[@]} packages are installed"
    return
  fi
  say "missing packages: ${lacking[*]}"
  [ $dry = 1 ] && return
  local sudo=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null ||
      die "installing packages needs root, and there is no sudo; run as root:" \
        "apt-get install ${lacking[*]}"
    sudo=(sudo)
  fi
  say "reading the package sources"
  "${sudo[@]}" apt-get update -qq ||
    die "apt-get update failed (see above); is the network up?"
  local absent
  absent=$(unavailable_packages "${lacking[@]}" | list)
  [ -z "$absent" ] ||
    die "the package sources of this machine offer no: $absent." \
      "LLVM $llvm is in Debian's bookworm-security and later, and at" \
      "https://apt.llvm.org; add a source that has it and run this again"
  say "installing"
  "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y \
    --no-install-recommends -o Dpkg::Use-Pty=0 "${lacking[@]}" >/dev/null ||
    die "apt-get install failed (see above)"
  mapfile -t lacking < <(missing_packages)
  [ ${#lacking[@]} -eq 0 ] ||
    die "apt-get left these packages out: ${lacking[*]}"
  say "packages installed"
}

# The stamp holds what the environment was made from, so a change of the
# requirements or of the interpreter makes it anew.
install_venv() {
  local dir=$root/build/venv requirements=$root/utils/requirements.txt
  local python=/usr/bin/python3
  [ -x $python ] || python=$(command -v python3) ||
    die "python3 is missing"
  local want
  want="$($python --version) $(cksum <"$requirements")"
  if [ -x "$dir/bin/python" ] &&
    [ "$(cat "$dir/.stamp" 2>/dev/null)" = "$want" ]; then
    say "build/venv is up to date"
    return
  fi
  say "making build/venv ($(grep -c '^[a-z]' "$requirements") Python packages)"
  [ $dry = 1 ] && return
  rm -rf "$dir"
  "$python" -m venv "$dir" || die "python3 -m venv failed (see above)"
  "$dir/bin/python" -m pip install -q --disable-pip-version-check \
    -r "$requirements" >"$root/build/venv.log" 2>&1 || {
    cat "$root/build/venv.log" >&2
    die "pip could not install utils/requirements.txt (see above)"
  }
  echo "$want" >"$dir/.stamp"
}

mkdir -p "$root/build"
# quickstart and check may run at the same time.
if command -v flock >/dev/null; then
  exec 9>"$root/build/.setup.lock"
  flock 9
fi
install_packages
[ $venv = 0 ] || install_venv
