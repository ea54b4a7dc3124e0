#!/usr/bin/env bash
# Configures the release preset in build/ and builds the targets named.
#
#   utils/build.sh TARGET...
#
# On a terminal ninja shows its own progress; elsewhere a line every 20 s does.
# Invariant: a failed build ends with 1 and the compiler's own messages last.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

log=build/build.log
start=$SECONDS
mkdir -p build

# The stamp is what CMake writes last; presets may have changed since.
if [ ! -f build/build.ninja ] || [ CMakePresets.json -nt build/build.ninja ]
then
  echo "build: configuring"
  cmake --preset release >"$log" 2>&1 || {
    cat "$log" >&2
    echo "build: error: cmake failed (see above)" >&2
    exit 1
  }
fi

jobs=${QNT_JOBS:-$(nproc)}
if [ -t 1 ]; then
  NINJA_STATUS='[%f/%t, %e s] ' ninja -C build -j "$jobs" "$@"
else
  NINJA_STATUS='[%f/%t] ' ninja -C build -j "$jobs" "$@" >"$log" 2>&1 &
  ninja=$!
  trap 'kill $ninja 2>/dev/null || true' INT TERM
  next=$((SECONDS + 20))
  while kill -0 $ninja 2>/dev/null; do
    sleep 0.5
    if [ $SECONDS -ge $next ]; then
      state=$(grep -o '^\[[0-9]*/[0-9]*\]' "$log" | tail -n 1 || true)
      echo "build: ${state:-starting} $((SECONDS - start)) s"
      next=$((SECONDS + 20))
    fi
  done
  wait $ninja || {
    grep -A30 '^FAILED' "$log" | head -n 200 >&2 || tail -n 50 "$log" >&2
    echo "build: error: the build failed (see above; all of it: $log)" >&2
    exit 1
  }
fi
echo "build: done in $((SECONDS - start)) s"
