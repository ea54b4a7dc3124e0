#!/usr/bin/env bash
# Checks that the C++ lines changed since BASE are formatted; -f formats them.
#
#   utils/check_format.sh [-f] [BASE | --all]
#
# BASE defaults to where this branch left main, or on main to the last commit.
# --all looks at every C++ file. Invariant: without -f no file changes.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

fix=0
if [ "${1:-}" = -f ]; then
  fix=1
  shift
fi
base=${1:-}

if [ "$base" = --all ]; then
  mapfile -d '' -t files < <(git ls-files -z '*.h' '*.cpp' '*.c')
  [ ${#files[@]} -gt 0 ] || exit 0
  if [ $fix = 1 ]; then
    exec clang-format-22 -i "${files[@]}"
  fi
  exec clang-format-22 --dry-run -Werror "${files[@]}"
fi

if [ -z "$base" ]; then
  base=$(git merge-base HEAD main 2>/dev/null || git rev-parse HEAD)
  [ "$base" != "$(git rev-parse HEAD)" ] || ! git rev-parse -q --verify \
    HEAD~1 >/dev/null || base=HEAD~1
fi
if [ $fix = 1 ]; then
  git-clang-format-22 --binary clang-format-22 --force "$base"
  exit 0
fi
diff=$(git-clang-format-22 --binary clang-format-22 --diff "$base" || true)
case "$diff" in
'' | *'did not modify any files'* | *'no modified files'*) exit 0 ;;
esac
printf '%s\n' "$diff"
echo "check_format: run utils/check_format.sh -f" >&2
exit 1
